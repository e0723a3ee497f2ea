variable "project" {
  description = "Begins every name. Names of accounts are one for all of Azure: choose your own."
  type        = string
  default     = "telemetry"
}

variable "environment" {
  type    = string
  default = "dev"
}

variable "location" {
  type    = string
  default = "koreacentral"
}

variable "image" {
  description = "REGISTRY/NAME:TAG of the app's image, which the workflow pushes."
  type        = string
}
