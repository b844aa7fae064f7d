package send

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/cloudapi/encode"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// TestWhatGoesToMetaCanBeSaidInItsShape reads each golden body of the encoder as
// a client's request, and encodes it again: nothing that Meta takes is lost on
// the way in.
func TestWhatGoesToMetaCanBeSaidInItsShape(t *testing.T) {
	files, err := filepath.Glob("../../cloudapi/encode/testdata/send/*.json")
	if err != nil || len(files) < 70 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	const otherID = "1fc380aa-6953-4e95-aef9-f220a22d51a4"
	uploaded := map[wa.MediaID]string{someID: "900000000000001", otherID: "900000000000002"}
	ours := strings.NewReplacer("900000000000001", someID, "900000000000002", otherID)
	for _, file := range files {
		want, err := os.ReadFile(file)
		check(t, err)
		o, err := lenient.Parse([]byte(ours.Replace(string(want))))
		check(t, err)
		o["context"] = lenient.Value(`{"message_id":"wamid.SYNTHETIC2"}`)
		o["recipient_identity_key_hash"] = lenient.Value(`"DF2lS5v2W6x="`)
		r, err := DecodeConversation(o)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		m := r.Messages[0]
		if m.ReplyTo != "wamid.SYNTHETIC2" || m.IdentityHash != "DF2lS5v2W6x=" {
			t.Errorf("%s: answers %q, for %q", file, m.ReplyTo, m.IdentityHash)
		}
		m.ReplyTo, m.IdentityHash = "", ""
		got, err := encode.Send(wa.Dispatch{Message: m, Tag: m.APIHeader, MetaMedia: uploaded})
		check(t, err)
		var before, after any
		check(t, json.Unmarshal(want, &before))
		check(t, json.Unmarshal(got, &after))
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}
