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

variable "plan" {
  description = "consumption (Y1) or flex (FC1)."
  type        = string
  default     = "consumption"
  validation {
    condition     = contains(["consumption", "flex"], var.plan)
    error_message = "plan is consumption or flex."
  }
}
