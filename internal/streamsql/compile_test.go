package streamsql

import "testing"

func TestTmp(t *testing.T) {
	for _, q := range []string{
		`SELECT a, b+1 AS c INTO out FROM input TIMESTAMP BY t WHERE a > 5`,
		`WITH s AS (SELECT * FROM input TIMESTAMP BY CAST(ts AS datetime)) SELECT plantId, AVG(gen) AS g, COUNT(*) INTO out FROM s GROUP BY plantId, TumblingWindow(second,10) HAVING g > 3`,
		`SELECT a.x, b.y, LAG(a.x,1) OVER (PARTITION BY a.k LIMIT DURATION(minute,5)) AS p INTO o FROM i1 a TIMESTAMP BY t JOIN i2 b TIMESTAMP BY t ON a.k=b.k AND DATEDIFF(minute,a,b) BETWEEN 0 AND 10`,
		`SELECT i.id, e.ArrayValue.v INTO o FROM i CROSS APPLY GetArrayElements(i.items) AS e WHERE e.ArrayIndex > 0`,
		`SELECT a FROM x UNION SELECT b FROM y`,
	} {
		p, err := Compile(q, Options{})
		if err != nil {
			t.Errorf("%s: %v", q, err)
			continue
		}
		row := &Row{Scratch: &Scratch{}}
		_ = p.Inputs[0].NewDecoder().Decode([]byte(`{"a":6,"b":2,"t":"x"}`), row)
		t.Log(row.Slots, p.Inputs[0].Fields)
	}
}
