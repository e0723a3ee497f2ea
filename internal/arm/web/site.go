package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/site"
)

// putSite makes a site or changes it. Its siteConfig is config/web's, the settings in it
// those of config/appsettings.
func (p provider) putSite(ctx context.Context, c *arm.Call) error {
	b := c.Body
	b.Default("functionapp,linux", "kind")
	if !strings.Contains(strings.ToLower(b.Text("kind")), "functionapp") {
		return arm.Fail(http.StatusBadRequest, "BadRequest", "A site of the kind '%s' is not served here: function apps are (kind functionapp,linux).", b.Text("kind"))
	}
	if _, there := p.Sites.Get(c.ID.Name()); there {
		if _, _, err := p.site(c.ID); err != nil {
			return arm.Fail(http.StatusConflict, "Conflict", "Website with given name %s already exists.", c.ID.Name())
		}
	}
	_, plan, err := p.planOf(c)
	if err != nil {
		return err
	}
	b.Set(plan.Text("sku", "tier"), "properties", "sku")
	objects, err := arm.Assign(c, p.People, identity.FunctionApp, c.ID.Name())
	if err == nil {
		err = p.People.Attach(c.ID.Name(), objects)
	}
	if err != nil {
		return err
	}
	given := b.Object("properties", "siteConfig")
	configID := c.ID.Child("config", "web")
	kept, _ := c.Manager.Body(configID)
	config := arm.Body{"properties": map[string]any(kept.Object("properties").Merge(given))}
	_, err = p.Sites.Put(ctx, c.ID.Name(), func(s *site.Spec, made bool) error {
		s.Group = c.ID.Group()
		if made {
			s.Publishing = site.Publishing{User: "$" + c.ID.Name(), Password: random(30)}
		}
		switch enabled, was := b.Get("properties", "enabled"), c.Old.Get("properties", "enabled"); {
		case enabled == false:
			s.Stopped = true
		case enabled == true && was == false:
			s.Stopped = false
		}
		s.Identity = identityOf(b)
		if err := flexOf(b, s); err != nil {
			return err
		}
		return p.configured(c, s, config, b.Text("properties", "publicNetworkAccess"))
	})
	if err != nil {
		return p.unmade(c, err)
	}
	config.Remove("properties", "appSettings")
	config.Remove("properties", "connectionStrings")
	b.Remove("properties", "siteConfig")
	return c.Manager.Save(configID, config)
}

// unmade takes back who a site would have been.
func (p provider) unmade(c *arm.Call, err error) error {
	if _, there := p.Sites.Get(c.ID.Name()); there {
		return err
	}
	for _, undo := range []error{p.People.Attach(c.ID.Name(), nil), p.People.Forget(identity.FunctionApp, c.ID.Name())} {
		if undo != nil {
			return fmt.Errorf("%w (and: %w)", err, undo)
		}
	}
	return err
}

// identityOf is who a body says that a site is.
func identityOf(b arm.Body) (i site.Identity) {
	for part := range strings.SplitSeq(b.Text("identity", "type"), ",") {
		if strings.EqualFold(strings.TrimSpace(part), "SystemAssigned") {
			i.System = true
		}
	}
	for id := range b.Object("identity", "userAssignedIdentities") {
		i.User = append(i.User, id[strings.LastIndexByte(id, '/')+1:])
	}
	return i
}

// flexOf is what the functionAppConfig of a Flex Consumption app says.
func flexOf(b arm.Body, s *site.Spec) error {
	config := b.Object("properties", "functionAppConfig")
	if config == nil {
		return nil
	}
	s.Runtime = strings.ToLower(config.Text("runtime", "name"))
	switch s.Runtime {
	case "python", "node", "custom":
	default:
		return fault.New(fault.Invalid, "functionAppConfig.runtime.name", "apps in %q do not run here; python, node and custom do", s.Runtime)
	}
	storage := config.Object("deployment", "storage")
	if storage == nil {
		return nil
	}
	if typ := storage.Text("type"); !strings.EqualFold(typ, "blobContainer") {
		return fault.New(fault.Invalid, "functionAppConfig.deployment.storage.type", "is %q; expected blobContainer", typ)
	}
	auth := storage.Object("authentication")
	id := auth.Text("userAssignedIdentityResourceId")
	s.Container = &site.Container{
		URL: storage.Text("value"), Auth: auth.Text("type"), Setting: auth.Text("storageAccountConnectionStringName"), Identity: id[strings.LastIndexByte(id, '/')+1:],
	}
	return nil
}

// getSite adds what a site is now.
func (p provider) getSite(_ context.Context, c *arm.Call) error {
	b := c.Body
	name, spec, err := p.site(c.ID)
	if err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	state := "Running"
	if spec.Stopped {
		state = "Stopped"
	}
	host, door := HostName(name), SCMName(name)
	sum := sha256.Sum256([]byte(c.Manager.Subscription()))
	b.Default("functionapp,linux", "kind")
	for property, value := range map[string]any{
		"enabled": true, "publicNetworkAccess": "Enabled", "clientCertMode": "Required", "clientCertEnabled": false, "httpsOnly": false,
		"keyVaultReferenceIdentity": "SystemAssigned", "sku": "Dynamic", "serverFarmId": "", "dailyMemoryTimeQuota": 0, "storageAccountRequired": false,
	} {
		b.Default(value, "properties", property)
	}
	for property, value := range map[string]any{
		"state": state, "hostNames": []any{host}, "enabledHostNames": []any{host, door}, "defaultHostName": host, "repositorySiteName": name,
		"hostNameSslStates": []any{
			map[string]any{"name": host, "sslState": "Disabled", "hostType": "Standard"},
			map[string]any{"name": door, "sslState": "Disabled", "hostType": "Repository"},
		},
		"usageState": "Normal", "availabilityState": "Normal", "reserved": true, "isXenon": false, "hyperV": false, "redundancyMode": "None",
		"outboundIpAddresses": "127.0.0.1", "possibleOutboundIpAddresses": "127.0.0.1", "resourceGroup": c.ID.Group(), "containerSize": 1536,
		"customDomainVerificationId": strings.ToUpper(hex.EncodeToString(sum[:])), "adminEnabled": true, "hostNamesDisabled": false, "siteDisabledReason": 0,
		"siteConfig": p.summary(c),
	} {
		b.Set(value, "properties", property)
	}
	return nil
}

// HostName is where a site answers, SCMName where its deployment door is.
func HostName(name string) string { return strings.ToLower(name) + ".azurewebsites.net" }

// SCMName is the host name of a site's deployment door.
func SCMName(name string) string { return strings.ToLower(name) + ".scm.azurewebsites.net" }

// summary is what a site's body says of its configuration.
func (p provider) summary(c *arm.Call) map[string]any {
	config, _ := c.Manager.Body(c.ID.Child("config", "web"))
	out := map[string]any{"numberOfWorkers": 1, "acrUseManagedIdentityCreds": false, "alwaysOn": false, "http20Enabled": false}
	for _, name := range []string{"numberOfWorkers", "linuxFxVersion", "alwaysOn", "http20Enabled", "functionAppScaleLimit", "minimumElasticInstanceCount", "acrUseManagedIdentityCreds"} {
		if v := config.Get("properties", name); v != nil {
			out[name] = v
		}
	}
	return out
}

func (p provider) deleteSite(ctx context.Context, c *arm.Call) error {
	name, _, err := p.site(c.ID)
	if err != nil {
		return err
	}
	if err := p.Sites.Remove(ctx, name); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err := p.People.Attach(name, nil); err != nil {
		return err
	}
	return p.People.Forget(identity.FunctionApp, name)
}

func (p provider) restart(_ context.Context, c *arm.Call) (arm.Answer, error) {
	name, _, err := p.site(c.ID)
	if err == nil {
		err = p.Sites.Restart(name)
	}
	return arm.Answer{}, err
}

func (p provider) start(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	return arm.Answer{}, p.change(ctx, c.ID, func(s *site.Spec) error { s.Stopped = false; return nil })
}

func (p provider) stop(ctx context.Context, c *arm.Call) (arm.Answer, error) {
	return arm.Answer{}, p.change(ctx, c.ID, func(s *site.Spec) error { s.Stopped = true; return nil })
}

// sync has nothing to tell a scale controller: what listens is always what is declared.
func (p provider) sync(_ context.Context, c *arm.Call) (arm.Answer, error) {
	_, _, err := p.site(c.ID)
	return arm.Answer{Status: http.StatusNoContent}, err
}

func (p provider) syncStatus(_ context.Context, c *arm.Call) (arm.Answer, error) {
	_, _, err := p.site(c.ID)
	return arm.Answer{Body: map[string]string{"status": "success"}}, err
}

// publishData is what clients read a deployment door from: az asks for it to show an app.
type publishData struct {
	XMLName  xml.Name         `xml:"publishData"`
	Profiles []publishProfile `xml:"publishProfile"`
}

type publishProfile struct {
	Name     string `xml:"profileName,attr"`
	Method   string `xml:"publishMethod,attr"`
	URL      string `xml:"publishUrl,attr"`
	User     string `xml:"userName,attr"`
	Password string `xml:"userPWD,attr"`
	App      string `xml:"destinationAppUrl,attr"`
	System   string `xml:"webSystem,attr"`
}

// publishXML has the one profile that there is: Web Deploy and FTP are not here.
func (p provider) publishXML(_ context.Context, c *arm.Call) (arm.Answer, error) {
	name, spec, err := p.site(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	text, err := xml.Marshal(publishData{Profiles: []publishProfile{{
		Name: name + " - Zip Deploy", Method: "ZipDeploy", URL: SCMName(name) + ":443", User: spec.Publishing.User, Password: spec.Publishing.Password,
		App: "https://" + HostName(name), System: "WebSites",
	}}})
	return arm.Answer{Body: arm.Document{Type: "application/xml", Text: text}}, err
}
