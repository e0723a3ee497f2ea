package web

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/restriction"
	"github.com/lazuli-dev/lazuli/internal/site"
)

// putConfig is PUT of a part of a site's configuration.
func (p provider) putConfig(ctx context.Context, c *arm.Call) error {
	b := c.Body
	switch strings.ToLower(c.ID.Name()) {
	case "appsettings":
		all := b.Object("properties")
		b.Remove("properties") // the site keeps them
		p.written(c)
		return p.change(ctx, c.ID, func(s *site.Spec) error { s.Settings = texts(all); return nil })
	case "connectionstrings":
		all := b.Object("properties")
		b.Remove("properties")
		p.written(c)
		return p.change(ctx, c.ID, func(s *site.Spec) error {
			s.Connections = map[string]site.Connection{}
			for name := range all {
				s.Connections[name] = site.Connection{Value: all.Text(name, "value"), Type: all.Text(name, "type")}
			}
			return nil
		})
	case "web":
		err := p.change(ctx, c.ID, func(s *site.Spec) error {
			parent, _ := c.Manager.Body(c.ID.Root())
			return p.configured(c, s, b, parent.Text("properties", "publicNetworkAccess"))
		})
		b.Remove("properties", "appSettings")
		b.Remove("properties", "connectionStrings")
		return err
	case "azurestorageaccounts":
		if len(b.Object("properties")) > 0 {
			return fault.New(fault.Invalid, "azurestorageaccounts", "shares are not mounted into function apps here")
		}
	case "authsettings", "authsettingsv2":
		if b.Bool("properties", "enabled") || b.Bool("properties", "platform", "enabled") {
			return fault.New(fault.Invalid, c.ID.Name(), "authentication in front of apps that are made here is not served; function apps of lazuli.yaml have it (functions.apps.NAME.authentication)")
		}
	case "slotconfignames", "logs", "metadata":
	case "backup":
		return fault.New(fault.Invalid, "backup", "apps are not backed up here; their data is in the data folder")
	default:
		return arm.Fail(http.StatusNotFound, "NotFound", "There is no configuration '%s' of a site.", c.ID.Name())
	}
	_, _, err := p.site(c.ID)
	return err
}

// texts are values as texts, as settings are.
func texts(b arm.Body) map[string]string {
	all := map[string]string{}
	for name, v := range b {
		switch v := v.(type) {
		case string:
			all[name] = v
		case nil:
		default:
			all[name] = fmt.Sprint(v)
		}
	}
	return all
}

// configured takes over what a siteConfig says of what the app does.
func (p provider) configured(c *arm.Call, s *site.Spec, config arm.Body, public string) error {
	if config.Has("properties", "appSettings") {
		s.Settings = map[string]string{}
		for _, one := range config.Objects("properties", "appSettings") {
			s.Settings[one.Text("name")] = one.Text("value")
		}
	}
	if config.Has("properties", "connectionStrings") {
		s.Connections = map[string]site.Connection{}
		for _, one := range config.Objects("properties", "connectionStrings") {
			s.Connections[one.Text("name")] = site.Connection{Value: one.Text("connectionString"), Type: one.Text("type")}
		}
	}
	s.CORS = config.Texts("properties", "cors", "allowedOrigins")
	var err error
	if s.Access, err = accessOf(c, config, "ipSecurityRestrictions", "ipSecurityRestrictionsDefaultAction"); err != nil {
		return err
	}
	if s.SCM, err = accessOf(c, config, "scmIpSecurityRestrictions", "scmIpSecurityRestrictionsDefaultAction"); err != nil {
		return err
	}
	if config.Bool("properties", "scmIpSecurityRestrictionsUseMain") {
		s.SCM = s.Access
	}
	private := strings.EqualFold(public, "Disabled") || strings.EqualFold(config.Text("properties", "publicNetworkAccess"), "Disabled")
	s.Access.Private, s.SCM.Private = private, private
	return nil
}

// accessOf are access restrictions.
func accessOf(c *arm.Call, config arm.Body, list, standard string) (restriction.Rules, error) {
	r := restriction.Rules{Default: config.Text("properties", standard)}
	for n, one := range config.Objects("properties", list) {
		at := fmt.Sprintf("siteConfig.%s[%d]", list, n)
		priority, _ := one.Int("priority")
		rule := restriction.Rule{Name: one.Text("name"), Priority: int(priority), Action: one.Text("action")}
		if rule.Action == "" {
			rule.Action = restriction.Allow
		}
		if rule.Action != restriction.Allow && rule.Action != restriction.Deny {
			return r, fault.New(fault.Invalid, at+".action", "is %q; expected Allow or Deny", rule.Action)
		}
		if one.Text("ipAddress") == "Any" {
			if len(one.Object("headers")) == 0 { // what Azure shows of a default action
				if r.Default == "" {
					r.Default = rule.Action
				}
				continue
			}
		} else if err := fromOf(c, one, at, &rule); err != nil {
			return r, err
		}
		for name := range one.Object("headers") {
			if rule.Headers == nil {
				rule.Headers = map[string][]string{}
			}
			rule.Headers[name] = one.Texts("headers", name)
		}
		r.Rules = append(r.Rules, rule)
	}
	if len(r.Rules) > restriction.MaxRules {
		return r, fault.New(fault.Invalid, "siteConfig."+list, "there are %d; at most %d", len(r.Rules), restriction.MaxRules)
	}
	return r, nil
}

// fromOf is from where a rule is about.
func fromOf(c *arm.Call, one arm.Body, at string, rule *restriction.Rule) error {
	var ranges []string
	switch subnet := one.Text("vnetSubnetResourceId"); {
	case subnet != "":
		id, err := arm.ParseID(subnet)
		if err != nil {
			return err
		}
		body, found := c.Manager.Body(id)
		if !found {
			return arm.Fail(http.StatusBadRequest, "SubnetNotFound", "The subnet '%s' of %s was not found.", subnet, at)
		}
		ranges = append(body.Texts("properties", "addressPrefixes"), body.Text("properties", "addressPrefix"))
	case strings.EqualFold(one.Text("tag"), "ServiceTag"):
		return fault.New(fault.Invalid, at+".tag", "service tags mean addresses of Azure, of which nothing comes here; take the rule away, or name addresses")
	default:
		ranges = strings.Split(one.Text("ipAddress"), ",")
	}
	for _, text := range ranges {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		prefix, err := restriction.ParsePrefix(text)
		if err != nil {
			return fault.New(fault.Invalid, at+".ipAddress", "%q is no address and no range in CIDR notation", text)
		}
		rule.From = append(rule.From, prefix)
	}
	if len(rule.From) == 0 { // of nowhere: it must not be of everywhere
		rule.From = []netip.Prefix{netip.MustParsePrefix("::/128")}
	}
	return nil
}

// getConfig shows a part of the configuration. Settings are shown by POST …/list alone,
// which asks for more than the right to read, and to who has just written them.
func (p provider) getConfig(_ context.Context, c *arm.Call) error {
	_, spec, err := p.site(c.ID)
	if err != nil {
		return err
	}
	b := c.Body
	switch strings.ToLower(c.ID.Name()) {
	case "web":
		p.webDefaults(c, spec)
	case "slotconfignames":
		b.Default(map[string]any{}, "properties")
	case "logs":
		b.Default(logDefaults(), "properties")
	case "appsettings", "connectionstrings": // without their values: see above
		b.Remove("properties")
		if p.shown(c) {
			b.Set(secretsOf(c.ID.Name(), spec), "properties")
		}
	case "azurestorageaccounts", "metadata", "authsettings", "authsettingsv2", "publishingcredentials":
	default:
		if !c.Kept() {
			return arm.Fail(http.StatusNotFound, "NotFound", "There is no configuration '%s' of this site.", c.ID.Name())
		}
	}
	return nil
}

func secretsOf(name string, spec site.Spec) map[string]any {
	all := map[string]any{}
	if strings.EqualFold(name, "connectionstrings") {
		for name, one := range spec.Connections {
			all[name] = map[string]any{"value": one.Value, "type": one.Type}
		}
		return all
	}
	for name, value := range spec.Settings {
		all[name] = value
	}
	return all
}

func logDefaults() map[string]any {
	off := map[string]any{"enabled": false}
	return map[string]any{
		"applicationLogs":       map[string]any{"fileSystem": map[string]any{"level": "Off"}},
		"httpLogs":              map[string]any{"fileSystem": map[string]any{"retentionInMb": 35, "enabled": false}},
		"failedRequestsTracing": off, "detailedErrorMessages": off,
	}
}

// webDefaults adds what config/web of every site says.
func (p provider) webDefaults(c *arm.Call, spec site.Spec) {
	b := c.Body
	for name, value := range map[string]any{
		"numberOfWorkers": 1, "linuxFxVersion": "", "scmType": "None", "use32BitWorkerProcess": false, "webSocketsEnabled": false, "alwaysOn": false,
		"managedPipelineMode": "Integrated", "loadBalancing": "LeastRequests", "remoteDebuggingEnabled": false, "remoteDebuggingVersion": "VS2022",
		"httpLoggingEnabled": false, "detailedErrorLoggingEnabled": false, "publishingUsername": spec.Publishing.User, "http20Enabled": false,
		"minTlsVersion": "1.2", "scmMinTlsVersion": "1.2", "ftpsState": "FtpsOnly", "functionAppScaleLimit": 200, "minimumElasticInstanceCount": 0,
		"preWarmedInstanceCount": 0, "functionsRuntimeScaleMonitoringEnabled": false, "vnetRouteAllEnabled": false, "autoHealEnabled": false,
		"scmIpSecurityRestrictionsUseMain": false, "localMySqlEnabled": false, "requestTracingEnabled": false, "logsDirectorySizeLimit": 35,
		"defaultDocuments":          []any{},
		"ipSecurityRestrictions":    []any{map[string]any{"ipAddress": "Any", "action": "Allow", "priority": 2147483647, "name": "Allow all", "description": "Allow all access"}},
		"scmIpSecurityRestrictions": []any{map[string]any{"ipAddress": "Any", "action": "Allow", "priority": 2147483647, "name": "Allow all", "description": "Allow all access"}},
	} {
		b.Default(value, "properties", name)
	}
}

// listConfig is POST config/X/list.
func (p provider) listConfig(_ context.Context, c *arm.Call) (arm.Answer, error) {
	name, spec, err := p.site(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	kept, _ := c.Manager.Body(c.ID)
	out := map[string]any{"id": c.ID.String(), "name": c.ID.Name(), "type": configs}
	answer := arm.Answer{Body: out}
	switch strings.ToLower(c.ID.Name()) {
	case "appsettings", "connectionstrings":
		out["properties"] = secretsOf(c.ID.Name(), spec)
	case "azurestorageaccounts", "metadata":
		out["properties"] = objectOr(kept, map[string]any{})
	case "authsettings":
		out["properties"] = objectOr(kept, map[string]any{"enabled": false, "configVersion": "v1"})
	case "authsettingsv2":
		out["properties"] = objectOr(kept, map[string]any{"platform": map[string]any{"enabled": false}})
	case "publishingcredentials":
		user, password := spec.Publishing.User, spec.Publishing.Password
		out["type"], answer.Long = "Microsoft.Web/sites/config", true
		answer.Header = http.Header{"Location": {c.Base + c.ID.String() + "/list?api-version=2024-04-01"}} // where SDKs look for the result when the operation has ended
		out["properties"] = map[string]any{
			"name": name, "publishingUserName": user, "publishingPassword": password,
			"scmUri": "https://" + user + ":" + password + "@" + SCMName(name),
		}
	default:
		return arm.Answer{}, arm.Fail(http.StatusNotFound, "NotFound", "There is no configuration '%s' of this site to list.", c.ID.Name())
	}
	return answer, nil
}

func objectOr(b arm.Body, otherwise map[string]any) any {
	if o := b.Object("properties"); o != nil {
		return map[string]any(o)
	}
	return otherwise
}

// putPolicy turns user and password of a door on or off.
func (p provider) putPolicy(ctx context.Context, c *arm.Call) error {
	allow := c.Body.Bool("properties", "allow")
	switch strings.ToLower(c.ID.Name()) {
	case "scm":
		return p.change(ctx, c.ID, func(s *site.Spec) error { s.Publishing.NoBasic = !allow; return nil })
	case "ftp":
		_, _, err := p.site(c.ID)
		return err
	}
	return arm.Fail(http.StatusNotFound, "NotFound", "There is no policy '%s'; there are ftp and scm.", c.ID.Name())
}

func (p provider) getPolicy(_ context.Context, c *arm.Call) error {
	_, spec, err := p.site(c.ID)
	if err != nil {
		return err
	}
	switch strings.ToLower(c.ID.Name()) {
	case "scm":
		c.Body.Set(!spec.Publishing.NoBasic, "properties", "allow")
	case "ftp":
		c.Body.Default(true, "properties", "allow")
	default:
		return arm.Fail(http.StatusNotFound, "NotFound", "There is no policy '%s'; there are ftp and scm.", c.ID.Name())
	}
	return nil
}
