variable "project" {
  description = "Begins every name. Names of accounts are one for all of Azure: choose your own."
  type        = string
  default     = "solar"
}

variable "environment" {
  type    = string
  default = "dev"
}

variable "location" {
  type    = string
  default = "koreacentral"
}

variable "code" {
  description = "Folder of the solar app, built for Linux: what is in the zip that `lazuli func pack` makes of examples/solar/app."
  type        = string
}

variable "weather_api_url" {
  description = "Base of the forecast API."
  type        = string
  default     = "https://api.open-meteo.com"
}
