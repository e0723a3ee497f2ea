package cosmos

import "strconv"

// The request charge model. Azure bills request units by an undisclosed
// formula; its published anchors are a 1 KB point read at 1 RU, a 100 KB one
// at about 10 RU, and a 1 KB insert under the default index at about 5.5 RU.
// This model meets the anchors, grows with the bytes handled and is a function
// of the request alone, so that tests may compare charges:
//
//	operation              charge in RU, kb = bytes/1024, at least 1
//	point read             1 + (kb-1)/11
//	not found, 304         1
//	create, upsert         5.5 + (kb-1)/2
//	replace, patch         10.5 + (kb-1)/2      (the old version is unindexed too)
//	delete                 5.5 + (kb-1)/2
//	delete a partition     the deletion of each of its items
//	query page             2.3 + documents/40 + KB of documents/20 + KB of rows/40
//	read feed, change feed 1 + items/20 + KB/11
//	metadata read          1
//	metadata write         5
//
// A batch charges the sum of its operations. Failed writes charge 1.
const (
	chargeMinimal       = 1.0
	chargeMetadataRead  = 1.0
	chargeMetadataWrite = 5.0
)

// kilobytes is n bytes in KB, at least 1.
func kilobytes(n int) float64 { return max(float64(n)/1024, 1) }

func chargeRead(n int) float64    { return 1 + (kilobytes(n)-1)/11 }
func chargeCreate(n int) float64  { return 5.5 + (kilobytes(n)-1)/2 }
func chargeReplace(n int) float64 { return 10.5 + (kilobytes(n)-1)/2 }

// chargeDeletePartition is the sum of the deletions, as if the items were
// alike.
func chargeDeletePartition(items int, size int64) float64 {
	if items == 0 {
		return chargeMinimal
	}
	return float64(items) * chargeCreate(int(size/int64(items)))
}

// chargeFeed is the price of a page read in order, without evaluation.
func chargeFeed(items, bytes int) float64 {
	return 1 + float64(items)/20 + float64(bytes)/1024/11
}

// chargeQuery is the price of a query page by what it evaluated and returned.
func chargeQuery(documents, docBytes int64, rowBytes int) float64 {
	return 2.3 + float64(documents)/40 + float64(docBytes)/1024/20 + float64(rowBytes)/1024/40
}

// appendCharge writes a charge with two decimals, as the header carries it.
func appendCharge(b []byte, charge float64) []byte {
	return strconv.AppendFloat(b, charge, 'f', 2, 64)
}
