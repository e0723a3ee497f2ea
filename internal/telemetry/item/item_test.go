package item

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// value is what a field says of an item, as plain Go.
func value(f Field, i *Item) any {
	switch f.Kind {
	case String:
		return f.Text(i)
	case Bool:
		return f.Flag(i)
	case Datetime:
		return f.Time(i)
	case Dynamic:
		return string(f.JSON(nil, i))
	case Real:
		if v, ok := f.Real(i); ok {
			return v
		}
	default:
		if v, ok := f.Long(i); ok {
			return v
		}
	}
	return nil
}

// row shows an item as its table's row, by the names of a view.
func rowOf(s *Schema, v View, i *Item) map[string]any {
	out := map[string]any{}
	for _, c := range v.Columns {
		if c.From == Stored {
			out[c.Name] = value(s.Fields[c.Field], i)
		}
	}
	return out
}

// Every body has a schema of its own type, every field one function of its
// kind, and every value works on an item that has a body and nothing else.
func TestSchemasAreWhole(t *testing.T) {
	bodies := []Body{
		&Request{}, &Dependency{}, &Trace{}, &Exception{}, &Event{}, &Metric{},
		&PerformanceCounter{}, &Availability{}, &PageView{}, &BrowserTiming{},
	}
	if len(bodies) != Types {
		t.Fatalf("%d bodies of %d types", len(bodies), Types)
	}
	for i, body := range bodies {
		s := Of(Type(i))
		if body.Type() != Type(i) || s.Type != Type(i) {
			t.Errorf("%T is of type %v, in the place of %v", body, body.Type(), s.Type)
		}
		seen := map[string]bool{}
		for _, f := range s.Fields {
			if seen[f.Name] {
				t.Errorf("%s stores %s twice", s.Classic.Name, f.Name)
			}
			seen[f.Name] = true
			set := 0
			for v, k := reflect.ValueOf(f), 2; k < v.NumField(); k++ {
				if !v.Field(k).IsNil() {
					set++
				}
			}
			if set != 1 {
				t.Errorf("%s.%s has %d functions", s.Classic.Name, f.Name, set)
			}
			value(f, &Item{Body: body})
		}
		for _, v := range []View{s.Classic, s.Workspace} {
			seen := map[string]bool{}
			for _, c := range v.Columns {
				if seen[c.Name] {
					t.Errorf("%s has %s twice", v.Name, c.Name)
				}
				seen[c.Name] = true
			}
			if _, found, ok := Find(v.Name); !ok || found.Name != v.Name {
				t.Errorf("%s is not found", v.Name)
			}
		}
	}
	if _, _, ok := Find("Requests"); ok {
		t.Error("Requests is found: tables have case")
	}
}

// The columns are those of the documentation.
func TestColumns(t *testing.T) {
	names := func(v View) []string {
		var out []string
		for _, c := range v.Columns {
			out = append(out, c.Name+":"+c.Kind.String())
		}
		return out
	}
	common := []string{
		"operation_Name:string", "operation_Id:string", "operation_ParentId:string", "operation_SyntheticSource:string",
		"session_Id:string", "user_Id:string", "user_AuthenticatedId:string", "user_AccountId:string", "application_Version:string",
		"client_Type:string", "client_Model:string", "client_OS:string", "client_IP:string", "client_City:string",
		"client_StateOrProvince:string", "client_CountryOrRegion:string", "client_Browser:string",
		"cloud_RoleName:string", "cloud_RoleInstance:string", "sdkVersion:string", "itemId:string",
		"itemType:string", "appId:string", "appName:string", "iKey:string", "_ResourceId:string",
	}
	want := append([]string{
		"timestamp:datetime", "id:string", "source:string", "name:string", "url:string", "success:string", "resultCode:string",
		"duration:real", "performanceBucket:string", "customMeasurements:dynamic", "itemCount:int", "customDimensions:dynamic",
	}, common...)
	if d := cmp.Diff(want, names(Of(RequestType).Classic)); d != "" {
		t.Error(d)
	}
	want = append([]string{
		"timestamp:datetime", "name:string", "value:real", "valueCount:int", "valueSum:real", "valueMin:real", "valueMax:real",
		"valueStdDev:real", "customDimensions:dynamic",
	}, common...)
	if d := cmp.Diff(want, names(Of(MetricType).Classic)); d != "" {
		t.Error(d)
	}
	want = []string{
		"TimeGenerated:datetime", "Id:string", "Target:string", "DependencyType:string", "Name:string", "Data:string",
		"Success:bool", "ResultCode:string", "DurationMs:real", "PerformanceBucket:string", "Measurements:dynamic", "ItemCount:int",
		"Properties:dynamic", "OperationName:string", "OperationId:string", "ParentId:string", "SyntheticSource:string",
		"SessionId:string", "UserId:string", "UserAuthenticatedId:string", "UserAccountId:string", "AppVersion:string",
		"ClientType:string", "ClientModel:string", "ClientOS:string", "ClientIP:string", "ClientCity:string",
		"ClientStateOrProvince:string", "ClientCountryOrRegion:string", "ClientBrowser:string", "AppRoleName:string",
		"AppRoleInstance:string", "SDKVersion:string", "_ItemId:string", "ReferencedItemId:string", "ReferencedType:string",
		"IKey:string", "ResourceGUID:string", "TenantId:string", "Type:string", "SourceSystem:string", "_ResourceId:string",
		"_SubscriptionId:string", "_BilledSize:real", "_IsBillable:string",
	}
	if d := cmp.Diff(want, names(Of(DependencyType).Workspace)); d != "" {
		t.Error(d)
	}
}

// An exception's columns follow from its chain.
func TestExceptionColumns(t *testing.T) {
	i := &Item{Body: &Exception{
		Severity: Error,
		Chain: []Cause{
			{ID: 1, Type: "App.Failed", Message: "could not <save>", Frames: []Frame{{Method: "App.Save", Assembly: "App, Version=1", File: "a.cs", Line: 7}}},
			{ID: 2, OuterID: 1, Type: "IO.Full", Message: "disk\x00full", Stack: "at Write\n"},
		},
	}}
	got := rowOf(Of(ExceptionType), Of(ExceptionType).Classic, i)
	for name, want := range map[string]any{
		"problemId": "App.Failed at App.Save", "type": "App.Failed", "method": "App.Save", "outerMessage": "could not <save>",
		"innermostType": "IO.Full", "innermostMessage": "disk\x00full", "innermostMethod": "", "severityLevel": int64(3),
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	var details, want any
	if err := json.Unmarshal([]byte(got["details"].(string)), &details); err != nil {
		t.Fatal(err, got["details"])
	}
	err := json.Unmarshal([]byte(`[
		{"severityLevel":"Error","outerId":"0","message":"could not <save>","type":"App.Failed","id":"1",
		 "parsedStack":[{"assembly":"App, Version=1","method":"App.Save","level":0,"line":7,"fileName":"a.cs"}]},
		{"severityLevel":"Error","outerId":"1","message":"disk\u0000full","type":"IO.Full","id":"2","rawStack":"at Write\n"}]`), &want)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, details); d != "" {
		t.Error(d)
	}
}

// Whatever text a dimension has, its JSON says the same.
func FuzzProperties(f *testing.F) {
	f.Add("a", "<b>\x00\"\\\u2028", "a", 1.5)
	f.Add("", "\xff", "ключ", math.Inf(-1))
	f.Fuzz(func(t *testing.T, name, v, other string, n float64) {
		all := []Property{{name, v}, {other, v + name}}
		var got map[string]string
		if err := json.Unmarshal(AppendProperties(nil, all), &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, p := range all {
			want[string([]rune(p.Name))] = string([]rune(p.Value))
		}
		if len(got) == len(want) { // two names that differ in what is not UTF-8 become one
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
		var numbers map[string]any
		if err := json.Unmarshal(AppendMeasurements(nil, []Measurement{{name, n}}), &numbers); err != nil {
			t.Fatal(err)
		}
		if back, ok := numbers[string([]rune(name))].(float64); ok && back != n {
			t.Errorf("%v is read back as %v", n, back)
		}
	})
}

func TestBuckets(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "<250ms", 250 * time.Millisecond: "250ms-500ms", time.Second: "1sec-3sec", 5*time.Minute - 1: "2min-5min", time.Hour: ">=5min",
	} {
		if got := Bucket(d); got != want {
			t.Errorf("%v is in %s, want %s", d, got, want)
		}
	}
	if level, ok := NoSeverity.Level(); ok {
		t.Errorf("no severity is %d", level)
	}
	for level := range int64(5) {
		if got, ok := SeverityOf(level).Level(); !ok || got != level {
			t.Errorf("level %d is %d", level, got)
		}
	}
}
