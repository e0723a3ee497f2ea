package streamanalytics

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// part is something of a job that came with the job's own body.
type part struct {
	id   arm.ID
	body arm.Body
}

func (p Provider) putJob(ctx context.Context, c *arm.Call) error {
	if err := p.taken(c); err != nil {
		return err
	}
	b := c.Body
	b.Default("Standard", "properties", "sku", "name")
	for name, v := range map[string]any{
		"compatibilityLevel": "1.2", "dataLocale": "en-US", "jobType": "Cloud", "eventsOutOfOrderPolicy": "Adjust", "outputErrorPolicy": "Stop",
		"eventsOutOfOrderMaxDelayInSeconds": 0, "eventsLateArrivalMaxDelayInSeconds": 5, "contentStoragePolicy": "SystemAccount",
	} {
		b.Default(v, "properties", name)
	}
	policy, drop, err := policyOf(b)
	if err != nil {
		return err
	}
	had, hadDrop, err := policyOf(c.Old)
	changed := c.Old == nil || err != nil || had != policy || hadDrop != drop
	parts, others, err := p.parts(c)
	if err != nil {
		return err
	}
	changed = changed || others
	if changed {
		if err := p.stands(c.ID); err != nil {
			return err
		}
	}
	if _, err := arm.Assign(c, p.c.People, identity.Resource, PrincipalName(c.ID.Name())); err != nil {
		return err
	}
	if err := p.keep(c, parts); err != nil {
		return err
	}
	c.Keep(arm.GUID, "properties", "jobId")
	c.Keep(arm.Now, "properties", "createdDate")
	b.Remove("properties", "jobState")
	for _, of := range began {
		b.Remove("properties", of)
		if kept := c.Old.Get("properties", of); kept != nil {
			b.Set(kept, "properties", of)
		}
	}
	if changed {
		if err := p.changed(ctx, c.ID); err != nil {
			return err
		}
	}
	p.c.Set.Add(c.ID.Name())
	return nil
}

// began is what a job says of its last start, which starting and stopping set alone.
var began = []string{"outputStartMode", "outputStartTime", "lastOutputEventTime"}

// parts are the transformation, inputs, outputs and functions in a job's body, which
// templates and the Terraform provider send with it. They are taken out of it. others
// says that the job is another with them: a query that it has already changes nothing.
func (p Provider) parts(c *arm.Call) (all []part, others bool, err error) {
	props := c.Body.Object("properties")
	for _, typ := range []string{transformations, inputs, outputs, functions} {
		list := props.Objects(typ)
		if one := props.Object("transformation"); typ == transformations && one != nil {
			list = []arm.Body{one}
			others = one.Text("properties", "query") != p.query(c.ID.Name())
		}
		others = others || typ != transformations && len(list) > 0
		for _, b := range list {
			one := part{c.ID.Child(typ, b.Text("name")), arm.Body{"properties": b.Get("properties")}}
			if err := partName(b.Text("name")); err != nil {
				return nil, false, err
			}
			old, _ := c.Manager.Body(one.id)
			keepKeys(one.body, old)
			if err := p.check(one); err != nil {
				return nil, false, err
			}
			all = append(all, one)
		}
	}
	for _, name := range []string{"transformation", transformations, inputs, outputs, functions} {
		c.Body.Remove("properties", name)
	}
	return all, others, nil
}

// check refuses a part that could not be put by itself.
func (p Provider) check(one part) error {
	switch typ := one.id.Types[1]; typ {
	case transformations:
		return checkQuery(one.body.Text("properties", "query"))
	case functions:
		_, err := scriptOf(one.id.Name(), one.body)
		return err
	case inputs:
		_, _, err := p.input(one.id, one.body)
		return err
	default:
		_, _, err := p.output(one.id, one.body)
		return err
	}
}

// keep stores parts.
func (p Provider) keep(c *arm.Call, all []part) error {
	for _, one := range all {
		var err error
		switch one.id.Types[1] {
		case transformations:
			err = p.writeQuery(one.id, one.body)
		case functions:
			err = p.writeFunction(one.id, one.body)
		}
		if err == nil {
			err = c.Manager.Save(one.id, one.body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// policyOf is what a job's body says of events that come late and of rows that an
// output refuses.
func policyOf(b arm.Body) (policy stream.TimePolicy, drop bool, err error) {
	policy = stream.DefaultTimePolicy()
	props := b.Object("properties")
	if late, given := props.Int("eventsLateArrivalMaxDelayInSeconds"); given {
		policy.Late = time.Duration(late) * time.Second
		if late == -1 {
			policy.Late = stream.WaitForever
		}
		if late < -1 || policy.Late > stream.MaxLate {
			return policy, false, bad("eventsLateArrivalMaxDelayInSeconds", "The value %d of 'eventsLateArrivalMaxDelayInSeconds' is not from -1 to 1814399.", late)
		}
	}
	if early, given := props.Int("eventsOutOfOrderMaxDelayInSeconds"); given {
		if early < 0 || early > 599 {
			return policy, false, bad("eventsOutOfOrderMaxDelayInSeconds", "The value %d of 'eventsOutOfOrderMaxDelayInSeconds' is not from 0 to 599.", early)
		}
		policy.OutOfOrder = time.Duration(early) * time.Second
	}
	if policy.Drop, err = oneOf(props, "eventsOutOfOrderPolicy", "Adjust", "Drop"); err != nil {
		return policy, false, err
	}
	drop, err = oneOf(props, "outputErrorPolicy", "Stop", "Drop")
	return policy, drop, err
}

// oneOf reports whether a property has the second of two values; absence is the first.
func oneOf(props arm.Body, name, usual, other string) (bool, error) {
	switch v := props.Text(name); {
	case v == "", strings.EqualFold(v, usual):
		return false, nil
	case strings.EqualFold(v, other):
		return true, nil
	default:
		return false, bad(name, "The value '%s' of '%s' is not one of %s and %s.", v, name, usual, other)
	}
}

func (p Provider) getJob(_ context.Context, c *arm.Call) error {
	if !c.Kept() {
		return missing(c.ID)
	}
	state, err := p.state(c.ID.Name())
	if err != nil {
		return err
	}
	c.Body.Set(state, "properties", "jobState")
	if at := p.lastOutput(c.ID.Name()); at != "" {
		c.Body.Set(at, "properties", "lastOutputEventTime")
	}
	return p.expand(c)
}

// expand adds what $expand asks for.
func (p Provider) expand(c *arm.Call) error {
	for what := range strings.SplitSeq(c.Query.Get("$expand"), ",") {
		typ := strings.ToLower(strings.TrimSpace(what))
		if typ == "transformation" {
			typ = transformations
		}
		if !slices.Contains([]string{transformations, inputs, outputs, functions}, typ) {
			continue // as the service does
		}
		all, err := c.Manager.Children(c.ID, typ)
		if err != nil {
			return err
		}
		shown := make([]any, 0, len(all))
		for _, r := range all {
			shown = append(shown, map[string]any(p.shownIn(r)))
		}
		switch {
		case typ != transformations:
			c.Body.Set(shown, "properties", typ)
		case len(shown) > 0:
			c.Body.Set(shown[0], "properties", "transformation")
		}
	}
	return nil
}

// shownIn is a part as its job shows it: without keys.
func (p Provider) shownIn(r arm.Resource) arm.Body {
	b := r.Body.Clone()
	b["id"], b["name"], b["type"] = r.ID.String(), r.ID.Name(), Type+"/"+r.ID.Types[1]
	if r.ID.Types[1] == transformations {
		b.Set(p.query(r.ID.Names[0]), "properties", "query")
	}
	hide(b)
	return b
}

// state is a job's state in the service's words.
func (p Provider) state(name string) (string, error) {
	status := p.c.Set.Status(name)
	switch status.State {
	case jobs.Running:
		if status.Job != nil && len(status.Job.Metrics().Blocked) > 0 {
			return "Degraded", nil
		}
		return "Running", nil
	case jobs.Stopped:
		ran, err := p.c.Set.Ran(name)
		if err != nil || ran {
			return "Stopped", err
		}
		return "Created", nil
	}
	return strings.ToUpper(status.State[:1]) + status.State[1:], nil
}

// lastOutput is up to which time of events rows were written since the job was built;
// "" before the first.
func (p Provider) lastOutput(name string) string {
	status := p.c.Set.Status(name)
	if status.Job == nil {
		return ""
	}
	m := status.Job.Metrics()
	if m.OutputEvents == 0 || m.Watermark == 0 {
		return ""
	}
	return stream.TimeOf(m.Watermark).UTC().Format(time.RFC3339Nano)
}
