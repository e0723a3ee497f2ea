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

variable "capacity" {
  description = "Throughput units, 1 to 20."
  type        = number
  default     = 1
}

variable "hubs" {
  type = map(object({
    partitions      = number
    retention_days  = optional(number, 1)
    consumer_groups = optional(list(string), [])
  }))
}
