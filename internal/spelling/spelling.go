// Package spelling owns how far one word is from another, so that a mistyped
// name can be answered with the one that was meant.
//
// It never knows the names and never decides: how far is too far is for whoever
// asks. It stands beside the packages that read what people type.
package spelling

// Distance is how many letters (bytes) have to be put in, taken out or replaced
// to turn a into b: the distance of Levenshtein.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
