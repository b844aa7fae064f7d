package wa

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Tagger makes and checks the tag that a send carries in
// biz_opaque_callback_data and that Meta returns with every status of it. It
// is how a status finds its message when the answer to the send was lost. Any
// app that is subscribed to the number can read it, so it holds nothing of the
// customer; its signature keeps others from writing one.
type Tagger struct{ key []byte }

// tagVersion leads every tag, so that the form can change later.
const (
	tagVersion   = "g1"
	tagSignature = 8
)

// NewTagger uses a key of at least 32 random bytes.
func NewTagger(key []byte) Tagger { return Tagger{key: key} }

// Tag returns the tag of one attempt to send a message: "g1." + base32 of the
// message id + "." + attempt + "." + base32 of the signature, about 45 of the
// 512 characters that Meta allows.
func (t Tagger) Tag(id MessageID, attempt int) string {
	u, err := uuid.Parse(string(id))
	if err != nil {
		// Ids are made by NewID, which only makes UUIDs.
		panic("wa: message id is no UUID: " + string(id))
	}
	head := tagVersion + "." + tagEncoding().EncodeToString(u[:]) + "." + strconv.Itoa(attempt)
	return head + "." + tagEncoding().EncodeToString(t.sign(head))
}

// Parse returns the message and attempt of a tag, or false if the tag is not
// one of ours.
func (t Tagger) Parse(tag string) (MessageID, int, bool) {
	i := strings.LastIndexByte(tag, '.')
	if i < 0 || len(tag) > 128 {
		return "", 0, false
	}
	// Compared as text, because one signature can be written in several ways.
	if !hmac.Equal([]byte(tag[i+1:]), []byte(tagEncoding().EncodeToString(t.sign(tag[:i])))) {
		return "", 0, false
	}
	part := strings.Split(tag[:i], ".")
	if len(part) != 3 || part[0] != tagVersion {
		return "", 0, false
	}
	raw, err := tagEncoding().DecodeString(part[1])
	if err != nil {
		return "", 0, false
	}
	u, err := uuid.FromBytes(raw)
	if err != nil {
		return "", 0, false
	}
	attempt, err := strconv.Atoi(part[2])
	return MessageID(u.String()), attempt, err == nil
}

func (t Tagger) sign(head string) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(head))
	return mac.Sum(nil)[:tagSignature]
}

func tagEncoding() *base32.Encoding { return base32.HexEncoding.WithPadding(base32.NoPadding) }
