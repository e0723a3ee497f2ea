variable "name" {
  type = string
}

variable "location" {
  type = string
}

variable "resource_group_name" {
  type = string
}

variable "tags" {
  type    = map(string)
  default = {}
}

variable "publisher" {
  type    = object({ name = string, email = string })
  default = { name = "Example", email = "admin@example.com" }
}

variable "function_app" {
  type = object({ host = string, key = string })
}

variable "calls_per_minute" {
  description = "Of one subscription."
  type        = number
  default     = 100
}

variable "operations" {
  type = map(object({ method = string, url = string }))
}
