package policy

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// validateJWT is validate-jwt, and what validate-azure-ad-token becomes.
type validateJWT struct {
	source                  string // the policy's name
	header                  string
	query                   string
	token                   *value
	code                    *value
	message                 *value
	expires, scheme, signed *value
	skew                    *value
	variable                string

	configs   []*value
	keys      []jwtKey
	audiences []*value
	issuers   []*value
	claims    []claim

	tenant  *value   // of validate-azure-ad-token
	clients []*value // as well
}

// jwtKey is a key of issuer-signing-keys.
type jwtKey struct {
	id     string
	secret *value // base64
	public *rsa.PublicKey

	certificate string // the name of the one whose key it is
}

// claim is one of required-claims.
type claim struct {
	name, separator string
	any             bool
	values          []*value
}

func compileValidateJWT(r *args) action {
	v := &validateJWT{
		source: "validate-jwt", header: r.literal("header-name", ""), query: r.literal("query-parameter-name", ""), token: r.value("token-value"),
		code: r.or("failed-validation-httpcode", "401"), message: r.value("failed-validation-error-message"),
		expires: r.or("require-expiration-time", "true"), scheme: r.value("require-scheme"), signed: r.or("require-signed-tokens", "true"),
		skew: r.or("clock-skew", "0"), variable: r.literal("output-token-variable-name", ""),
	}
	given := 0
	for _, there := range []bool{v.header != "", v.query != "", v.token != nil} {
		if there {
			given++
		}
	}
	if given != 1 {
		r.fail(r.e.Pos, "one of the attributes 'header-name', 'query-parameter-name' and 'token-value' belongs here")
	}
	r.ordered("openid-config", "issuer-signing-keys", "decryption-keys", "audiences", "issuers", "required-claims")
	for _, e := range r.children("openid-config") {
		r.sub(e, func(in *args) { v.configs = append(v.configs, in.required("url")) })
	}
	if e := r.child("issuer-signing-keys"); e != nil {
		r.sub(e, func(in *args) { v.keys = in.signingKeys() })
	}
	if e := r.child("decryption-keys"); e != nil {
		r.err = orFirst(r.err, faultIn(e.Name, e.Pos, "encrypted tokens are not served"))
	}
	v.audiences, v.issuers = r.plainTexts("audiences", "audience"), r.plainTexts("issuers", "issuer")
	v.claims = r.claims()
	return v
}

// ordered holds the children to an order.
func (r *args) ordered(names ...string) {
	last := -1
	for _, e := range r.e.Children {
		i := slices.Index(names, e.Name)
		if i < 0 {
			continue
		}
		if i < last {
			r.err = orFirst(r.err, faultIn(e.Name, e.Pos, "the element stands before '%s'", names[last]))
		}
		last = i
	}
}

func (r *args) signingKeys() (all []jwtKey) {
	for _, e := range r.children("key") {
		r.sub(e, func(in *args) {
			k := jwtKey{id: in.literal("id", "")}
			k.certificate = in.literal("certificate-id", "")
			if k.certificate != "" {
				in.certificateID("certificate-id", k.certificate)
			}
			n, exponent := in.literal("n", ""), in.literal("e", "")
			if k.certificate != "" {
				all = append(all, k)
				return
			}
			if n != "" || exponent != "" {
				k.public = in.rsaKey(n, exponent)
			} else if k.secret = in.textValue(); k.secret.literal == "" && k.secret.program == nil {
				in.fail(e.Pos, "a key has n and e, or certificate-id, or is base64")
			}
			all = append(all, k)
		})
	}
	return all
}

func (r *args) rsaKey(n, e string) *rsa.PublicKey {
	modulus, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(n, "="))
	exponent, err2 := base64.RawURLEncoding.DecodeString(strings.TrimRight(e, "="))
	if err != nil || err2 != nil || len(modulus) < 128 || len(exponent) == 0 || len(exponent) > 4 {
		r.fail(r.e.Pos, "n and e are no RSA key of at least 1024 bits, as base64url")
		return nil
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(new(big.Int).SetBytes(exponent).Int64())}
}

func (r *args) claims() (all []claim) {
	e := r.child("required-claims")
	if e == nil {
		return nil
	}
	r.sub(e, func(in *args) {
		for _, c := range in.children("claim") {
			in.sub(c, func(deep *args) {
				all = append(all, claim{deep.requiredLiteral("name"), deep.literal("separator", ""), deep.oneOf("match", "all", "any") == "any", deep.texts("value")})
			})
		}
	})
	return all
}

func compileValidateAzureAD(r *args) action {
	v := &validateJWT{
		source: "validate-azure-ad-token", header: r.literal("header-name", ""), query: r.literal("query-parameter-name", ""), token: r.value("token-value"),
		code: r.or("failed-validation-httpcode", "401"), message: r.value("failed-validation-error-message"),
		expires: r.or("require-expiration-time", "true"), signed: r.or("require-signed-tokens", "true"), skew: r.or("clock-skew", "0"),
		variable: r.literal("output-token-variable-name", ""), tenant: r.required("tenant-id"), scheme: &value{literal: "Bearer"},
	}
	if v.header == "" && v.query == "" && v.token == nil {
		v.header = "Authorization"
	}
	r.ordered("client-application-ids", "backend-application-ids", "audiences", "required-claims", "decryption-keys")
	v.clients = r.plainTexts("client-application-ids", "application-id")
	v.audiences = append(v.audiences, r.plainTexts("backend-application-ids", "application-id")...)
	v.audiences = append(v.audiences, r.plainTexts("audiences", "audience")...)
	v.claims = r.claims()
	if e := r.child("decryption-keys"); e != nil {
		r.err = orFirst(r.err, faultIn(e.Name, e.Pos, "encrypted tokens are not served"))
	}
	if v.clients == nil && v.audiences == nil {
		r.fail(r.e.Pos, "<client-application-ids> is missing")
	}
	return v
}

// denied is why a token is not taken, in the vendor's words for LastError.
type denied struct{ reason, message string }

func (d *denied) Error() string { return d.message }

func deny(reason, message string) error { return &denied{reason, message} }

func (v *validateJWT) run(x *Exchange) error {
	err := v.check(x)
	var no *denied
	if err == nil || !errors.As(err, &no) {
		return err
	}
	code, cerr := v.code.number(x)
	if cerr != nil {
		return cerr
	}
	shown := no.message
	if v.message != nil {
		if shown, cerr = v.message.text(x); cerr != nil {
			return cerr
		}
	}
	f := refuse(status(code, http.StatusUnauthorized), v.source, no.reason, no.message)
	f.Shown = shown
	return f
}

const maxToken = 32 << 10

func (v *validateJWT) check(x *Exchange) error {
	text, err := v.find(x)
	if err != nil {
		return err
	}
	if len(text) > maxToken {
		return deny("JwtInvalid", "The token is too long.")
	}
	claims := jwt.MapClaims{}
	options, err := v.options(x)
	if err != nil {
		return err
	}
	signed, err := v.signed.truth(x)
	if err != nil {
		return err
	}
	parser := jwt.NewParser(options...)
	var set keys
	if !signed && strings.HasSuffix(text, ".") {
		token, _, err := parser.ParseUnverified(text, claims)
		if err != nil || token.Method != jwt.SigningMethodNone {
			return deny("JwtInvalid", "The token is no JWT.")
		}
		if err := jwt.NewValidator(options...).Validate(claims); err != nil {
			return wording(err)
		}
	} else if _, err := parser.ParseWithClaims(text, claims, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		var err error
		if set, err = v.keysFor(x, kid, t); err != nil {
			return nil, err
		}
		return set.verification, nil
	}); err != nil {
		return wording(err)
	}
	if err := v.require(x, claims, set.issuers); err != nil {
		return err
	}
	if v.variable != "" {
		if j, ok := expression.ParseJwt(text); ok {
			x.Variables.Set(v.variable, j)
		}
	}
	return nil
}

// find is the token of the request.
func (v *validateJWT) find(x *Exchange) (string, error) {
	if v.token != nil {
		text, err := v.token.text(x)
		if err == nil && text == "" {
			err = deny("TokenNotPresent", "JWT not present.")
		}
		scheme, rest, ok := strings.Cut(text, " ")
		if ok && strings.EqualFold(scheme, "Bearer") {
			text = rest
		}
		return strings.TrimSpace(text), err
	}
	if v.query != "" {
		text := x.Request.Original.Query().Get(v.query)
		if text == "" {
			return "", deny("TokenNotPresent", "JWT not present.")
		}
		return text, nil
	}
	text := x.Request.Header.Get(v.header)
	if text == "" {
		return "", deny("TokenNotPresent", "JWT not present.")
	}
	if !strings.EqualFold(v.header, "Authorization") {
		if scheme, rest, ok := strings.Cut(text, " "); ok && strings.EqualFold(scheme, "Bearer") {
			text = rest
		}
		return strings.TrimSpace(text), nil
	}
	want := "Bearer"
	if v.scheme != nil {
		var err error
		if want, err = v.scheme.text(x); err != nil {
			return "", err
		}
	}
	scheme, rest, ok := strings.Cut(text, " ")
	if !ok || !strings.EqualFold(scheme, want) {
		return "", deny("TokenNotPresent", "JWT not present.")
	}
	return strings.TrimSpace(rest), nil
}

// methods are the algorithms that are taken.
var methods = []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "none"}

func (v *validateJWT) options(x *Exchange) ([]jwt.ParserOption, error) {
	skew, err := v.skew.real(x)
	if err != nil {
		return nil, err
	}
	options := []jwt.ParserOption{jwt.WithValidMethods(methods), jwt.WithLeeway(time.Duration(skew * float64(time.Second)))}
	must, err := v.expires.truth(x)
	if must {
		options = append(options, jwt.WithExpirationRequired())
	}
	return options, err
}

// wording is a library's error in the vendor's words.
func wording(err error) error {
	var own *denied
	var failure *Failure
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &failure):
		return failure
	case errors.Is(err, jwt.ErrTokenExpired):
		return deny("TokenExpired", "JWT token is expired.")
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return deny("JwtInvalid", "JWT token is not valid yet.")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return deny("TokenClaimNotFound", "JWT token has no expiration time.")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return deny("TokenSignatureInvalid", "JWT validation failed: the signature is invalid.")
	}
	return deny("JwtInvalid", "The token is no JWT.")
}

// keys are those that may have signed a token, and who issues with them.
type keys struct {
	verification jwt.VerificationKeySet
	issuers      []string
}

// keysFor are the keys for a token's kid and algorithm. A key of the wrong type for
// the algorithm is left out: a public key is no secret of HS256.
func (v *validateJWT) keysFor(x *Exchange, kid string, t *jwt.Token) (keys, error) {
	var out keys
	_, symmetric := t.Method.(*jwt.SigningMethodHMAC)
	for _, k := range v.keys {
		if k.id != "" && kid != "" && k.id != kid {
			continue
		}
		if k.certificate != "" && !symmetric {
			if cert := x.certificates().Find(k.certificate, ""); cert != nil {
				out.verification.Keys = append(out.verification.Keys, cert.Leaf.PublicKey)
			}
		}
		if k.public != nil && !symmetric {
			out.verification.Keys = append(out.verification.Keys, k.public)
		}
		if k.secret == nil || !symmetric {
			continue
		}
		text, err := k.secret.text(x)
		if err != nil {
			return out, err
		}
		secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || len(secret) == 0 {
			return out, broken(v.source, "InvalidKey", "a key of issuer-signing-keys is no base64")
		}
		out.verification.Keys = append(out.verification.Keys, secret)
	}
	if !symmetric {
		if err := v.published(x, kid, &out); err != nil {
			return out, err
		}
	}
	if len(out.verification.Keys) == 0 {
		return out, deny("TokenSignatureKeyNotFound", "JWT validation failed: no key of the token's kid was found.")
	}
	return out, nil
}

// published are keys of OpenID configurations.
func (v *validateJWT) published(x *Exchange, kid string, out *keys) error {
	configs, err := textsOf(x, v.configs)
	if err != nil {
		return err
	}
	if v.tenant != nil && x.World.Authority != nil {
		tenant, err := v.tenant.text(x)
		if err != nil {
			return err
		}
		configs = append(configs, x.World.Authority(tenant))
	}
	for _, config := range configs {
		if x.World.Keys == nil {
			return broken(v.source, "OpenIdConfigurationNotAvailable", "OpenID configurations cannot be read from here")
		}
		var set KeySet
		var err error
		x.waiting(func() { set, err = x.World.Keys(x.Context, config, kid) })
		if err != nil {
			return broken(v.source, "OpenIdConfigurationNotAvailable", err.Error())
		}
		out.issuers = append(out.issuers, set.Issuer)
		for id, k := range set.Keys {
			if kid == "" || id == kid {
				out.verification.Keys = append(out.verification.Keys, k)
			}
		}
	}
	return nil
}

// require holds claims against what the policy asks for.
func (v *validateJWT) require(x *Exchange, have jwt.MapClaims, published []string) error {
	audiences, err := textsOf(x, v.audiences)
	if err != nil {
		return err
	}
	got, _ := have.GetAudience()
	if len(audiences) > 0 && !slices.ContainsFunc(got, func(a string) bool {
		return slices.ContainsFunc(audiences, func(b string) bool {
			return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/") || a == "api://"+b
		})
	}) {
		return deny("TokenAudienceNotAllowed", "JWT validation failed: the audience is not allowed.")
	}
	if err := v.issuer(x, have, published); err != nil {
		return err
	}
	if err := v.client(x, have); err != nil {
		return err
	}
	for _, c := range v.claims {
		if err := c.check(x, have); err != nil {
			return err
		}
	}
	return nil
}

func (v *validateJWT) issuer(x *Exchange, have jwt.MapClaims, published []string) error {
	allowed, err := textsOf(x, v.issuers)
	if err != nil {
		return err
	}
	iss, _ := have.GetIssuer()
	no := deny("TokenIssuerNotAllowed", "JWT validation failed: the issuer is not allowed.")
	if v.tenant != nil {
		tenant, err := v.tenant.text(x)
		if err != nil {
			return err
		}
		if tid, _ := have["tid"].(string); !entraIssuer(iss, tid, tenant, published) {
			return no
		}
		return nil
	}
	if len(allowed) == 0 {
		allowed = slices.DeleteFunc(published, func(s string) bool { return s == "" })
	}
	tid, _ := have["tid"].(string)
	if len(allowed) > 0 && !slices.ContainsFunc(allowed, func(a string) bool { return strings.ReplaceAll(a, "{tenantid}", tid) == iss }) {
		return no
	}
	return nil
}

// entraIssuer reports whether an issuer is a tenant's: in the forms of version 1 and 2,
// by the authority's host.
func entraIssuer(iss, tid, tenant string, published []string) bool {
	u, err := url.Parse(iss)
	if err != nil || tid == "" || u.Path != "/"+tid+"/" && u.Path != "/"+tid+"/v2.0" {
		return false
	}
	switch tenant {
	case "common", "organizations", "consumers":
	default:
		if !strings.EqualFold(tenant, tid) && !ownTenant(tid, published) {
			return false
		}
	}
	if u.Host == "sts.windows.net" || u.Host == "login.microsoftonline.com" {
		return true
	}
	return slices.ContainsFunc(published, func(p string) bool { q, err := url.Parse(p); return err == nil && q.Host == u.Host })
}

// ownTenant reports whether the authority that was asked by a domain's name says that
// it is this tenant.
func ownTenant(tid string, published []string) bool {
	return slices.ContainsFunc(published, func(p string) bool { return strings.Contains(p, "/"+tid+"/") })
}

func (v *validateJWT) client(x *Exchange, have jwt.MapClaims) error {
	ids, err := textsOf(x, v.clients)
	if err != nil || len(ids) == 0 {
		return err
	}
	for _, name := range []string{"azp", "appid"} {
		if id, ok := have[name].(string); ok {
			if slices.ContainsFunc(ids, func(want string) bool { return strings.EqualFold(want, id) }) {
				return nil
			}
			return deny("TokenClaimValueNotAllowed", "JWT validation failed: the client application is not allowed.")
		}
	}
	return deny("TokenClaimNotFound", "JWT validation failed: the token names no client application.")
}

func (c claim) check(x *Exchange, have jwt.MapClaims) error {
	v, ok := have[c.name]
	if !ok {
		return deny("TokenClaimNotFound", "JWT validation failed: the claim "+c.name+" is missing.")
	}
	var got []string
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			got = append(got, claimText(item))
		}
	default:
		got = []string{claimText(v)}
		if c.separator != "" {
			got = strings.Split(got[0], c.separator)
		}
	}
	want, err := textsOf(x, c.values)
	if err != nil || len(want) == 0 {
		return err
	}
	n := 0
	for _, w := range want {
		if slices.Contains(got, w) {
			n++
		}
	}
	if n == len(want) || c.any && n > 0 {
		return nil
	}
	return deny("TokenClaimValueNotAllowed", "JWT validation failed: the claim "+c.name+" has another value.")
}

func claimText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return map[bool]string{true: "true", false: "false"}[v]
	}
	return expression.Text(v)
}
