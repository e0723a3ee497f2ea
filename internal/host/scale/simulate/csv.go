package simulate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits of a profile.
const (
	mostLoads  = 50
	mostSteps  = 200_000
	mostLength = 31 * 24 * time.Hour
	mostRate   = 10_000_000 // a second
)

// ReadCSV reads a profile. The first line names the columns: time, and then a function
// each, as NAME:KIND, or KIND alone for one that is named by its kind. Every other line is
// a moment and the rates from then on, in events or requests a second. The moment is
// seconds, a duration such as 1m30s, or h:mm:ss; the first is 0, and the last line ends
// the profile. Lines that begin with # are for people.
func ReadCSV(name string, r io.Reader) (Profile, error) {
	lines := csv.NewReader(r)
	lines.Comment, lines.TrimLeadingSpace, lines.ReuseRecord = '#', true, true
	p := Profile{Name: name}
	for n := 0; ; n++ {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return p, p.whole()
		}
		if err == nil && n == 0 {
			err = p.readHead(fields)
		} else if err == nil {
			err = p.readStep(fields)
		}
		if err == nil && n > mostSteps {
			err = fmt.Errorf("there are more than %d lines", mostSteps)
		}
		if err != nil {
			return Profile{}, p.at(lines, err)
		}
	}
}

// at says in which line something is wrong. The reader's own errors do.
func (p *Profile) at(lines *csv.Reader, err error) error {
	var own *csv.ParseError
	if errors.As(err, &own) {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	line, _ := lines.FieldPos(0)
	return fmt.Errorf("%s: line %d: %w", p.Name, line, err)
}

// lawful is the rule for names of functions: Azure's.
var lawful = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)

func (p *Profile) readHead(fields []string) error {
	if !strings.EqualFold(strings.TrimSpace(fields[0]), "time") {
		return fmt.Errorf("the first column must be time, is %q", fields[0])
	}
	if len(fields) < 2 || len(fields) > mostLoads+1 {
		return fmt.Errorf("there must be 1 to %d columns beside time, and there are %d", mostLoads, len(fields)-1)
	}
	for _, f := range fields[1:] {
		l, err := readColumn(strings.TrimSpace(f))
		if err != nil {
			return err
		}
		for _, other := range p.Loads {
			if strings.EqualFold(other.Function, l.Function) {
				return fmt.Errorf("two columns are named %s", l.Function)
			}
		}
		p.Loads = append(p.Loads, l)
	}
	return nil
}

// readColumn reads the head of a column.
func readColumn(text string) (Load, error) {
	function, kind, both := strings.Cut(text, ":")
	if !both {
		kind = function
	}
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
		if strings.EqualFold(k.Name, kind) && lawful.MatchString(function) {
			return Load{Function: function, Kind: k.Kind}, nil
		}
	}
	if !lawful.MatchString(function) {
		return Load{}, fmt.Errorf("column %q: a function's name has letters, digits, _ and -, and begins with a letter", text)
	}
	return Load{}, fmt.Errorf("column %q: write it as NAME:KIND; kinds are %s", text, strings.Join(names, ", "))
}

func (p *Profile) readStep(fields []string) error {
	at, err := readTime(strings.TrimSpace(fields[0]))
	if err != nil {
		return err
	}
	if at > mostLength {
		return fmt.Errorf("time %s: a profile has at most %d days", fields[0], mostLength/(24*time.Hour))
	}
	first := len(p.Loads[0].Steps) == 0
	if first && at != 0 {
		return fmt.Errorf("time %s: the first must be 0", fields[0])
	}
	if !first && at <= p.Length {
		return fmt.Errorf("time %s: it must come after the line before", fields[0])
	}
	p.Length = at
	for i, f := range fields[1:] {
		rate, err := readRate(strings.TrimSpace(f))
		if err != nil {
			return fmt.Errorf("column %s: %w", p.Loads[i].Function, err)
		}
		p.Loads[i].Steps = append(p.Loads[i].Steps, Step{at, rate})
	}
	return nil
}

// readTime reads a moment, in whole seconds.
func readTime(text string) (time.Duration, error) {
	bad := fmt.Errorf("time %q: write seconds, a duration such as 1m30s, or h:mm:ss", text)
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 && d%time.Second == 0 {
		return d, nil
	}
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, bad
	}
	total, unit := time.Duration(0), time.Hour
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 15)
		if err != nil || i > 0 && n > 59 {
			return 0, bad
		}
		total, unit = total+time.Duration(n)*unit, unit/60
	}
	return total, nil
}

// readRate reads a rate a second, down to thousandths. An empty field is 0.
func readRate(text string) (Rate, error) {
	if text == "" {
		return 0, nil
	}
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole, 10, 32)
	thousandths, ferr := strconv.ParseUint((fraction + "000")[:3], 10, 16)
	if err != nil || ferr != nil || len(fraction) > 3 {
		return 0, fmt.Errorf("%q is no rate: write a number such as 40 or 0.5, with at most three decimals", text)
	}
	if n > mostRate {
		return 0, fmt.Errorf("%s a second is more than %d", text, mostRate)
	}
	return Rate(n*1000 + thousandths), nil
}

// whole says what is missing at the end of the file.
func (p *Profile) whole() error {
	switch {
	case len(p.Loads) == 0:
		return fmt.Errorf("%s: it is empty; the first line names the columns, such as time,http,orders:queue", p.Name)
	case p.Length == 0:
		return fmt.Errorf("%s: it needs two lines of times at least: the last one ends the profile", p.Name)
	}
	return nil
}
