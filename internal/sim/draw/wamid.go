package draw

import "encoding/base64"

// WAMID makes a message id of Meta's look: base64 text that holds the user's number, of no fixed length. Clients must treat it
// as opaque.
func (k Key) WAMID(user string) string {
	b := append(make([]byte, 0, 48), 0x1c, 0x18, 0x0b)
	b = append(b, user...)
	b = append(b, 0x15, 0x02, 0x00, 0x11, 0x18, 0x14)
	b = append(b, k.Text("wamid").Bytes()[:12]...)
	return "wamid." + base64.StdEncoding.EncodeToString(b)
}
