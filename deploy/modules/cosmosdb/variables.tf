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

variable "database" {
  type = string
}

variable "throughput" {
  description = "Request units a second, shared by the containers."
  type        = number
  default     = 400
}

variable "containers" {
  type = map(object({
    partition_key = string
    default_ttl   = optional(number)
  }))
}
