package azcli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

func deployCommands() []command {
	return []command{
		{words: "functionapp deployment source config-zip", flags: inApp + "src! build-remote? timeout/t", run: configZip},
	}
}

// askAgain is how long a deployment is left alone before it is asked about.
const askAgain = 200 * time.Millisecond

// configZip sends a zip to the app's deployment door and waits until it runs.
func configZip(k *call) (any, error) {
	if k.text("slot") != "" {
		return nil, failed("Deployment slots are not answered by this stand-in for az.")
	}
	zip, err := os.ReadFile(k.text("src"))
	if err != nil {
		return nil, failed("%s", err)
	}
	app, err := k.one(flat, web, "sites", k.text("name"))
	if err != nil {
		return nil, err
	}
	door, err := deploymentDoor(app.(map[string]any))
	if err != nil {
		return nil, err
	}
	place := door + "/api/zipdeploy?isAsync=true&Deployer=az_cli_functions"
	if app.(map[string]any)["functionAppConfig"] != nil { // Flex Consumption
		place = fmt.Sprintf("%s/api/publish?RemoteBuild=%t&Deployer=az_cli", door, k.is("build-remote"))
	}
	a, err := k.send(request{method: http.MethodPost, url: place, body: zip, header: map[string]string{"Content-Type": "application/zip"}})
	if err != nil {
		return nil, err
	}
	return k.deployed(door + "/api/deployments/" + a.header.Get("SCM-DEPLOYMENT-ID"))
}

// deploymentDoor is where an app takes deployments.
func deploymentDoor(app map[string]any) (string, error) {
	states, _ := app["hostNameSslStates"].([]any)
	for _, s := range states {
		s, _ := s.(map[string]any)
		if kind, _ := s["hostType"].(string); strings.EqualFold(kind, "Repository") {
			host, _ := s["name"].(string)
			return "https://" + host, nil
		}
	}
	return "", failed("'%v' has no deployment door.", app["name"])
}

// deployed waits for a deployment's end.
func (k *call) deployed(place string) (any, error) {
	for {
		a, err := k.send(request{method: http.MethodGet, url: place})
		if err != nil {
			return nil, err
		}
		var d map[string]any
		if err := json.Unmarshal(a.body, &d); err != nil {
			return nil, err
		}
		if done, _ := d["complete"].(bool); done {
			if state, _ := d["provisioningState"].(string); state == "Failed" {
				return nil, failed("Zip deployment failed. %v", d["status_text"])
			}
			return d, nil
		}
		select {
		case <-k.ctx.Done():
			return nil, k.ctx.Err()
		case <-time.After(askAgain):
		}
	}
}
