package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/net/http/httpguts"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

func newGatewayCmd(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Try calls through the API gateway, policy by policy",
		Args:  exactArgs(),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newGatewayTestCmd(s))
	return cmd
}

// gatewayTest is what lazuli gateway test was asked.
type gatewayTest struct {
	service, subscription, method, data string
	headers                             []string
}

func newGatewayTestCmd(s *session) *cobra.Command {
	var t gatewayTest
	cmd := &cobra.Command{
		Use:   "test REQUEST",
		Short: "Send a request through the gateway and print what each policy did",
		Long: `Send a request through the API gateway and print what each policy did to it. REQUEST
is a path, with its query, below the gateway. The call is a real one: backends see it,
and limits count it. It has the key of the subscription that opens everything, unless
another is named; none with --subscription "".`,
		Example: `  lazuli gateway test /api/health
  lazuli gateway test '/api/devices?limit=5' -X POST -d '{"a":1}' -H 'Content-Type: application/json'
  lazuli gateway test /orders/1 --service contoso-apim --subscription partner`,
		Args: exactArgs("REQUEST"),
		RunE: func(cmd *cobra.Command, args []string) error { return s.gatewayTest(cmd, t, args[0]) },
	}
	cmd.Flags().StringVar(&t.service, "service", "", "name of the gateway (default: the one that localhost means)")
	cmd.Flags().StringVar(&t.subscription, "subscription", "master", "whose key the call has")
	cmd.Flags().StringVarP(&t.method, "method", "X", "", "method (default: GET, with --data POST)")
	cmd.Flags().StringVarP(&t.data, "data", "d", "", "body")
	cmd.Flags().StringArrayVarP(&t.headers, "header", "H", nil, "header, NAME: VALUE; can be repeated")
	return cmd
}

func (s *session) gatewayTest(cmd *cobra.Command, t gatewayTest, path string) error {
	info, err := s.instance()
	if err != nil {
		return err
	}
	address := info.Addresses[instance.Gateway]
	if address == "" {
		return errors.New("the running lazuli has no API behind a gateway; declare one under gateway: in lazuli.yaml")
	}
	r, err := t.request(cmd, info, "http://"+connect.Host(address, ""), path)
	if err != nil {
		return err
	}
	if t.subscription != "" {
		key, err := s.gatewayKey(cmd, t)
		if err != nil {
			return err
		}
		r.Header.Set("Ocp-Apim-Subscription-Key", key)
	}
	reply, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxShownBody))
	if err != nil {
		return err
	}
	more, err := io.Copy(io.Discard, reply.Body)
	if err != nil {
		return err
	}
	if where := reply.Header.Get(traceHeader); where != "" {
		if err := s.printTrace(cmd, "http://"+connect.Host(address, "")+where, r.Host); err != nil {
			return err
		}
	}
	reply.Header.Del(traceHeader)
	fmt.Fprintf(s.out, "\n%s\n", reply.Status)
	for _, name := range slices.Sorted(maps.Keys(reply.Header)) {
		fmt.Fprintf(s.out, "%s: %s\n", name, terminal.Clean(strings.Join(reply.Header[name], ", ")))
	}
	if len(body) > 0 {
		fmt.Fprintf(s.out, "\n%s\n", terminal.Lines(string(body)))
	}
	if more > 0 {
		fmt.Fprintf(s.out, "… and %d bytes more\n", more)
	}
	return nil
}

// traceHeader opens traces, and says where one is.
const traceHeader = "Lazuli-Trace"

const maxShownBody = 64 << 10

func (t gatewayTest) request(cmd *cobra.Command, info instance.Info, base, path string) (*http.Request, error) {
	method := t.method
	if method == "" {
		if method = http.MethodGet; t.data != "" {
			method = http.MethodPost
		}
	}
	if strings.Contains(strings.SplitN(path, "?", 2)[0], "://") {
		return nil, &usageError{cmd, fmt.Errorf("REQUEST is a path below the gateway, such as /api/health, not the URL %q", path)}
	}
	r, err := http.NewRequestWithContext(cmd.Context(), strings.ToUpper(method), base+"/"+strings.TrimPrefix(path, "/"), strings.NewReader(t.data))
	if err != nil {
		return nil, &usageError{cmd, err}
	}
	for _, h := range t.headers {
		name, v, ok := strings.Cut(h, ":")
		if !ok {
			return nil, &usageError{cmd, fmt.Errorf("the header %q is not NAME: VALUE", h)}
		}
		name, v = strings.TrimSpace(name), strings.TrimSpace(v)
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(v) {
			return nil, &usageError{cmd, fmt.Errorf("the header %q has a name or a value that no header has", h)}
		}
		if strings.EqualFold(name, "Host") {
			r.Host = v
			continue
		}
		r.Header.Add(name, v)
	}
	r.Header.Set(traceHeader, info.Tokens[instance.Gateway])
	if t.service != "" {
		r.Host = t.service + ".azure-api.net"
	}
	return r, nil
}

// gatewayKey is the primary key of the subscription that the call shows.
func (s *session) gatewayKey(cmd *cobra.Command, t gatewayTest) (string, error) {
	portal, err := s.portal()
	if err != nil {
		return "", err
	}
	var got struct{ Keys []accountKey }
	if err := portal.do(cmd.Context(), http.MethodPost, "/api/keys", struct{}{}, &got); err != nil {
		return "", err
	}
	service := t.service
	if service == "" {
		service = instance.DefaultAccount
	}
	var names []string
	for _, k := range got.Keys {
		if k.Type != instance.Gateways || !strings.EqualFold(k.Account, service) || k.Name != "primary" {
			continue
		}
		if strings.EqualFold(k.Policy, t.subscription) {
			return k.Value, nil
		}
		names = append(names, k.Policy)
	}
	if names == nil {
		return "", fmt.Errorf("there is no gateway %s", service)
	}
	return "", fmt.Errorf("the gateway %s has no subscription %s; it has %s", service, t.subscription, strings.Join(names, ", "))
}

// traceSections are in the order of a call.
var traceSections = []string{"inbound", "backend", "outbound", "on-error"}

func (s *session) printTrace(cmd *cobra.Command, url, host string) error {
	r, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Host = host // traces are the gateway's own
	reply, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("read the trace: the gateway answers %s", reply.Status)
	}
	var trace struct {
		Entries map[string][]struct {
			Source  string         `json:"source"`
			Elapsed string         `json:"elapsed"`
			Data    map[string]any `json:"data"`
		} `json:"traceEntries"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&trace); err != nil {
		return fmt.Errorf("read the trace: %w", err)
	}
	for _, section := range traceSections {
		if len(trace.Entries[section]) == 0 {
			continue
		}
		fmt.Fprintln(s.out, section)
		for _, e := range trace.Entries[section] {
			where := ""
			if e.Data["scope"] != nil {
				where = fmt.Sprintf("  (%v, line %v)", e.Data["scope"], e.Data["line"])
			}
			fmt.Fprintf(s.out, "  %s%s\n", terminal.Clean(e.Source), where)
			for _, name := range slices.Sorted(maps.Keys(e.Data)) {
				if name != "scope" && name != "line" {
					fmt.Fprintf(s.out, "      %s: %s\n", terminal.Clean(name), terminal.Clean(fmt.Sprint(e.Data[name])))
				}
			}
		}
	}
	return nil
}
