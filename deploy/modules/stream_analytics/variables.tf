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

variable "query" {
  type = string
}

variable "streaming_units" {
  type    = number
  default = 3
}

variable "namespace" {
  description = "Of the hubs that the job reads."
  type        = object({ id = string, name = string })
}

variable "inputs" {
  type = map(object({ hub = string, consumer_group = string }))
}

variable "cosmos" {
  type = object({ id = string, key = string, database = string })
}

variable "container_outputs" {
  type    = map(object({ container = string, partition_key = string }))
  default = {}
}

variable "function_outputs" {
  type    = map(object({ app = string, function = string, key = string }))
  default = {}
}
