package sqlstore

import (
	"path/filepath"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

// One source that cannot be decrypted must not keep the callbacks of all others
// out.
func TestADamagedSourceHurtsNobodyElse(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "test.db"), nil)
	defer closeStore(t, s)
	for _, account := range []wa.AccountID{"a", "b"} {
		_, err := s.CreateSource(t.Context(), wa.Source{ID: "shop", AccountID: account, Name: "shop", Number: wa.Number{
			ID: "1", WABAID: "2", Display: "15550109999", Token: wa.NewSecret("token"), AppSecret: wa.NewSecret("secret of " + string(account)),
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.writer.write(t.Context(), func(tx *tx) error {
		_, err := tx.exec(`UPDATE sources SET token = x'00' WHERE account_id = 'b'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	secrets, err := s.AppSecrets(t.Context())
	if err != nil || len(secrets) != 1 || secrets[0].Reveal() != "secret of a" {
		t.Errorf("app secrets: %d (%v), want the one that can be read", len(secrets), err)
	}
	sources, err := s.SourcesByNumber(t.Context(), "1")
	if err != nil || len(sources) != 1 || sources[0].AccountID != "a" {
		t.Errorf("sources of the number: %d (%v), want the one that can be read", len(sources), err)
	}
	if _, err := s.Source(t.Context(), "b", "shop"); err == nil {
		t.Error("the damaged source was read")
	}
}
