package doctor

import (
	"context"
	"fmt"
	"strings"
)

func (d *Doctor) settingChecks() []Check {
	return []Check{{
		Name:  "settings",
		Asks:  "every setting, each by itself and with those it belongs to; says what is off and why",
		Means: "Whoever starts a process with these settings is refused, or a part of the service stays off.",
		Do:    "Correct the settings that are named; docs/settings.md says what each is for.",
		Look:  d.settings,
	}}
}

func (d *Doctor) settings(context.Context) Finding {
	if len(d.Faults) > 0 {
		var each []string
		for _, fault := range d.Faults {
			each = append(each, said(fault))
		}
		return fail(fmt.Sprintf("The settings have %s.", count(len(each), "fault", "faults"))).with(each...)
	}
	if len(d.Resting) == 0 {
		return ok("Every setting can be used, and nothing is off.")
	}
	return ok("Every setting can be used; off is %s.", strings.Join(d.Resting, "; "))
}
