package wa

import "testing"

func TestTheTwoWaysToWriteANumberHaveOneKey(t *testing.T) {
	for _, pair := range [][2]string{
		{"5511912345678", "551112345678"},        // Brazil
		{"5491112345678", "541112345678"},        // Argentina
		{"5215512345678", "525512345678"},        // Mexico
		{"15550100001", "15550100001"},           // one way only
		{"919833078369", "919833078369"},         // begins with none of the prefixes
		{"US.1349120", "US.1349120"},             // a user id
		{"Y2FwaV9ncm91cDox", "Y2FwaV9ncm91cDox"}, // a group
	} {
		if a, b := ContactKey(pair[0]), ContactKey(pair[1]); a != b {
			t.Errorf("%s has the key %s, %s has %s", pair[0], a, pair[1], b)
		}
	}
}

func TestDifferentNumbersHaveDifferentKeys(t *testing.T) {
	seen := map[string]string{}
	for _, number := range []string{
		"5511912345678", "5511812345678", "55119123456780", "5491112345678", "5481112345678", "5215512345678", "5225512345678", "15550100001",
	} {
		key := ContactKey(number)
		if other, taken := seen[key]; taken {
			t.Errorf("%s and %s share the key %s", number, other, key)
		}
		seen[key] = number
	}
}
