package draw_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
)

func TestSameKeySameChance(t *testing.T) {
	one := draw.New(7).Text("number").Text("user").Int(3)
	other := draw.New(7).Text("number").Text("user").Int(3)
	if one.Float() != other.Float() || one.Hex() != other.Hex() || one.Digits() != other.Digits() {
		t.Error("the same key gave something else")
	}
	seen := map[draw.Key]string{}
	for name, k := range map[string]draw.Key{
		"seed": draw.New(8).Text("number").Text("user").Int(3), "split": draw.New(7).Text("numberuser").Int(3),
		"order": draw.New(7).Text("user").Text("number").Int(3), "count": draw.New(7).Text("number").Text("user").Int(4),
		"empty": draw.New(7).Text("number").Text("user").Text("").Int(3), "itself": one,
	} {
		if earlier, taken := seen[k]; taken {
			t.Errorf("%s and %s are the same key", name, earlier)
		}
		seen[k] = name
	}
}

func TestChanceIsEven(t *testing.T) {
	const draws, buckets = 100_000, 20
	var count [buckets]int
	for i := range draws {
		k := draw.New(1).Text("1555010" + strconv.Itoa(i%1000)).Int(i / 1000)
		count[int(k.Float()*buckets)]++
		if n := k.Below(6); n < 0 || n > 5 {
			t.Fatalf("%d is not below 6", n)
		}
		if d := k.Between(time.Second, 2*time.Second); d < time.Second || d > 2*time.Second {
			t.Fatalf("%s is not between", d)
		}
		if d := k.Digits(); len(d) != 16 || d[0] == '0' {
			t.Fatalf("digits %s", d)
		}
	}
	for i, n := range count {
		if n < draws/buckets*95/100 || n > draws/buckets*105/100 {
			t.Errorf("%d of %d in bucket %d", n, draws, i)
		}
	}
}

func TestNoRangeIsItsBeginning(t *testing.T) {
	if d := draw.New(1).Between(time.Second, 0); d != time.Second {
		t.Errorf("got %s", d)
	}
}
