variable "project" {
  description = "Begins every name. Names of accounts are one for all of Azure: choose your own."
  type        = string
  default     = "thumb"
}

variable "environment" {
  type    = string
  default = "dev"
}

variable "location" {
  type    = string
  default = "koreacentral"
}
