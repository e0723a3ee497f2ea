package solar

// Output is the power in kW that a plant of the capacity delivers, in three
// steps: the cells run hotter than the air by the rule of the nominal
// operating cell temperature (45 °C at 800 W/m² and 20 °C); hot cells lose
// 0.38 % per kelvin above 25 °C; the inverter has a fixed, a proportional and
// a quadratic loss, and delivers no more than the capacity.
func Output(capacityKW, irradiance, airTemperature float64) float64 {
	if irradiance <= 0 {
		return 0
	}
	cell := airTemperature + irradiance*(45-20)/800
	direct := irradiance / 1000 * (1 - 0.0038*(cell-25))
	loss := 0.004 + 0.008*direct + 0.015*direct*direct
	return capacityKW * min(max(direct-loss, 0), 1)
}
