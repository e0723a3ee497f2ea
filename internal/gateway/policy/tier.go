package policy

import "slices"

// notInConsumption are the policies that the Consumption tier has not.
// https://learn.microsoft.com/azure/api-management/rate-limit-by-key-policy
var notInConsumption = []string{"quota-by-key", "rate-limit-by-key"}

// maxInConsumption bounds a document in the Consumption tier.
// https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#limits---api-management-classic-tiers
const maxInConsumption = 16 << 10

// ForConsumption is what is wrong in a document or fragment that the Consumption tier
// is to run, besides what is wrong everywhere.
func ForConsumption(text string) error {
	root, err := Parse(text)
	if err != nil {
		return err
	}
	if len(text) > maxInConsumption {
		return faultIn("", Pos{Line: 1, Column: 1}, "the document has %d bytes; in the Consumption tier at most %d are taken", len(text), maxInConsumption)
	}
	return consumable(root)
}

func consumable(e *Element) error {
	if slices.Contains(notInConsumption, e.Name) {
		return faultIn(e.Name, e.Pos, "the policy is not there in the Consumption tier")
	}
	for _, child := range e.Children {
		if err := consumable(child); err != nil {
			return err
		}
	}
	return nil
}
