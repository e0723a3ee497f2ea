// Package eventhubs is the Event Hubs wire contract over AMQP 1.0: what the
// official SDKs of every language expect to find on ports 5672 and 5671.
//
// The one idea: a link's address says everything. An address is parsed once
// (Address), the connection's claims decide whether the link may exist (claims;
// Access has the last word, and may take them back), and from then on a send link
// is a straight pipe into a broker partition and a receive link a straight pipe
// out of one. Stored messages are the publisher's own bytes; delivery puts the
// broker's annotations in front.
//
//	address                                   who attaches        node
//	$cbs                                      sender + receiver   tokens become claims
//	$management, <hub>/$management            sender + receiver   READ of a hub or partition
//	<hub>                                     sender              routed by key or round robin
//	<hub>/Partitions/<n>                      sender              that partition
//	<hub>/Publishers/<name>                   sender              routed by the publisher's name
//	<hub>/ConsumerGroups/<g>/Partitions/<n>   receiver            events from a position on
//
// Not here: retention, sequence numbers, hashing and durability (package
// broker), frames and flow control (package amqp), Kafka and REST (their own
// packages), capture, schema registry, and geo-replication, which is reported
// as switched off. Idempotent publishing is refused by name; AMQP over
// WebSocket is not offered.
package eventhubs
