package policy

// kind is what is known of a policy.
type kind struct {
	where   sections
	compile func(r *args) action
}

// kinds are all policies, by name.
func kinds() map[string]kind {
	const inBackOut = in | back | outgoing
	return map[string]kind{
		"base": {anywhere, compileBase},

		"check-header":                {in, compileCheckHeader},
		"cors":                        {in, compileCORS},
		"ip-filter":                   {in, compileIPFilter},
		"limit-concurrency":           {anywhere, compileConcurrency},
		"quota":                       {in, compileQuota},
		"quota-by-key":                {in, compileQuotaByKey},
		"rate-limit":                  {in, compileRateLimit},
		"rate-limit-by-key":           {in, compileRateLimitByKey},
		"validate-azure-ad-token":     {in, compileValidateAzureAD},
		"validate-client-certificate": {in, compileValidateCertificate},
		"validate-content":            {in | outgoing | onErr, compileValidateContent},
		"validate-headers":            {outgoing | onErr, compileValidateHeaders},
		"validate-jwt":                {in, compileValidateJWT},
		"validate-parameters":         {in, compileValidateParameters},
		"validate-status-code":        {outgoing | onErr, compileValidateStatus},

		"find-and-replace":    {anywhere, compileFindAndReplace},
		"json-to-xml":         {in | outgoing | onErr, compileJSONToXML},
		"jsonp":               {outgoing, compileJSONP},
		"rewrite-uri":         {in, compileRewrite},
		"set-backend-service": {in | back, compileSetBackend},
		"set-body":            {anywhere, compileSetBody},
		"set-header":          {anywhere, compileSetHeader},
		"set-method":          {in | onErr, compileSetMethod},
		"set-query-parameter": {in | back, compileSetQuery},
		"set-status":          {in | outgoing | onErr, compileSetStatus},
		"set-variable":        {anywhere, compileSetVariable},
		"xml-to-json":         {in | outgoing | onErr, compileXMLToJSON},

		"choose":               {anywhere, compileChoose},
		"forward-request":      {back, compileForward},
		"include-fragment":     {anywhere, compileFragment},
		"mock-response":        {in | outgoing | onErr, compileMock},
		"retry":                {anywhere, compileRetry},
		"return-response":      {anywhere, compileReturn},
		"send-one-way-request": {anywhere, compileSendOneWay},
		"send-request":         {anywhere, compileSend},
		"wait":                 {inBackOut, compileWait},

		"cache-lookup":       {in, compileCacheLookup},
		"cache-lookup-value": {anywhere, compileCacheLookupValue},
		"cache-remove-value": {anywhere, compileCacheRemoveValue},
		"cache-store":        {outgoing, compileCacheStore},
		"cache-store-value":  {anywhere, compileCacheStoreValue},

		"authentication-basic":            {in, compileBasic},
		"authentication-certificate":      {in, compileShowCertificate},
		"authentication-managed-identity": {in | outgoing, compileManagedIdentity},
		"emit-metric":                     {anywhere, compileMetric},
		"log-to-eventhub":                 {anywhere, compileLog},
		"trace":                           {anywhere, compileTrace},
	}
}

func compileBase(r *args) action {
	if r.c.within != "" {
		r.fail(r.e.Pos, "<base /> is not allowed in '%s'", r.c.within)
	}
	return actionFunc(func(x *Exchange) error {
		depth := x.depth
		defer func() { x.depth = depth }()
		x.depth++
		return x.base()
	})
}
