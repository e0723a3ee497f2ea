package cosmos

import (
	"net/http"
	"strings"
)

// location is one region of the account and its URL.
type location struct {
	Name     string `json:"name"`
	Endpoint string `json:"databaseAccountEndpoint"`
}

// account is the body of GET /: what SDKs read to find their endpoints. There
// are no thin-client locations (they would switch .NET and Java to a binary
// protocol) and no ETag, as on the service.
type account struct {
	Self              string            `json:"_self"`
	ID                string            `json:"id"`
	RID               string            `json:"_rid"`
	Media             string            `json:"media"`
	Addresses         string            `json:"addresses"`
	DBs               string            `json:"_dbs"`
	Writable          []location        `json:"writableLocations"`
	Readable          []location        `json:"readableLocations"`
	MultipleWrites    bool              `json:"enableMultipleWriteLocations"`
	PartitionFailover bool              `json:"enablePerPartitionFailoverBehavior"`
	Consistency       map[string]string `json:"userConsistencyPolicy"`
	UserReplication   replicationPolicy `json:"userReplicationPolicy"`
	SystemReplication replicationPolicy `json:"systemReplicationPolicy"`
	ReadPolicy        map[string]int    `json:"readPolicy"`
	QueryEngine       string            `json:"queryEngineConfiguration"`
}

type replicationPolicy struct {
	Async      bool `json:"asyncReplication"`
	MinReplica int  `json:"minReplicaSetSize"`
	MaxReplica int  `json:"maxReplicasetSize"`
}

// queryEngine is what .NET reads before it plans a query: limits of the
// language and which parts of it the server knows.
const queryEngine = `{"maxSqlQueryInputLength":524288,"maxJoinsPerSqlQuery":10,"maxLogicalAndPerSqlQuery":2000,` +
	`"maxLogicalOrPerSqlQuery":2000,"maxUdfRefPerSqlQuery":10,"maxInExpressionItemsCount":16000,` +
	`"queryMaxInMemorySortDocumentCount":500,"maxQueryRequestTimeoutFraction":0.9,` +
	`"sqlAllowNonFiniteNumbers":false,"sqlAllowAggregateFunctions":true,"sqlAllowSubQuery":true,` +
	`"sqlAllowScalarSubQuery":true,"allowNewKeywords":true,"sqlAllowLike":true,"sqlAllowGroupByClause":true,` +
	`"sqlAllowTop":true,"sqlDisableOptimizationFlags":0,"enableSpatialIndexing":false}`

func (x *exchange) readAccount() error {
	endpoint := x.svc.endpoint
	if endpoint == "" {
		endpoint = endpointOf(x.r)
	}
	here := []location{{Name: x.svc.region, Endpoint: endpoint}}
	replication := replicationPolicy{MinReplica: 1, MaxReplica: 4}
	id := x.r.Host
	if i := strings.LastIndexByte(id, ':'); i > 0 {
		id = id[:i]
	}
	x.charge = chargeMetadataRead
	return x.replyJSON(http.StatusOK, account{
		ID: id, RID: id, Media: "//media/", Addresses: "//addresses/", DBs: "//dbs/",
		Writable: here, Readable: here,
		Consistency:     map[string]string{"defaultConsistencyLevel": x.svc.level},
		UserReplication: replication, SystemReplication: replication,
		ReadPolicy:  map[string]int{"primaryReadCoefficient": 1, "secondaryReadCoefficient": 1},
		QueryEngine: queryEngine,
	})
}

// endpointOf is the URL under which this very request found the service.
func endpointOf(r *http.Request) string {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host + "/"
}
