package cosmos

import "net/http"

// deletePartition deletes all items of one logical partition:
//
//	POST /dbs/{db}/colls/{coll}/operations/partitionkeydelete
//
// with the whole partition key in its header. The service answers once it has
// taken the task and hides the items from then on; here they are gone when the
// reply comes. Items written meanwhile stay on both. A request that its client
// gives up stops between two batches and can be sent again.
func (x *exchange) deletePartition() error {
	if x.addr.id != "partitionkeydelete" {
		return unsupported("The operation '"+clip(x.addr.id, 60)+"' on a container", "Of these operations there is 'partitionkeydelete'.")
	}
	if err := x.openContainer(); err != nil {
		return err
	}
	key, err := x.readKey()
	if err != nil {
		return err
	}
	items, size, err := x.coll.DeletePartition(x.r.Context(), key)
	if err != nil {
		return err
	}
	x.event.Items = items
	x.charge = chargeDeletePartition(items, size)
	return x.reply(http.StatusOK, nil)
}
