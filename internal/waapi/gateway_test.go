package waapi

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/conform"
	"github.com/waypost/waypost/internal/keyring"
	"github.com/waypost/waypost/internal/media"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/template"
	"github.com/waypost/waypost/internal/wa"
)

// The numbers of the fixture, and when they wrote to alpha's number.
const (
	writer    = "15550100001" // an hour ago
	justInTo  = "15550100002" // a second less than 24 hours ago
	justOutOf = "15550100003" // 24 hours ago
	stranger  = "15550100004" // never
	optedIn   = "15550100005" // never, but opted in
	talker    = "15550100010" // an hour ago
	group     = "group-1@g.us"
	// patience bounds one golden case; none takes anywhere near it.
	patience = time.Minute
	// seedSource is the id that the vendor docs' sample names: a customer may
	// bring it along.
	seedSource = "fa9d647a-c8d7-423e-bd27-7d2ca2875dc1"
)

func noon() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }

// gateway is the face over the real store and the real media library, with two
// accounts that have the same of everything: alpha and beta.
type gateway struct {
	t     *testing.T
	store *sqlstore.Store
	media *media.Library
	logs  *syncBuffer
	http  *httptest.Server
	face  *Server
	// graph plays Meta, of which templates keeps a copy.
	graph     *graph
	templates *template.Library
	// names are the ids that the case files call by name.
	names conform.Names
	alpha wa.AccountID
	beta  wa.AccountID
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	keys, err := keyring.Open(filepath.Join(dir, "keys.json"))
	check(t, err)
	st, err := sqlstore.Open(ctx, sqlstore.Options{Path: filepath.Join(dir, "db"), Cipher: keys, Now: noon})
	check(t, err)
	t.Cleanup(func() { check(t, st.Close()) })
	blobs, err := media.OpenDir(filepath.Join(dir, "media"))
	check(t, err)
	t.Cleanup(func() { check(t, blobs.Close()) })
	g := &gateway{t: t, store: st, logs: &syncBuffer{}, names: conform.Names{
		"run": "run_329f", "fixed_clock": noon().Format(time.RFC3339),
		"writer": writer, "writer_spaced": "1 555 010 0001", "just_in": justInTo, "just_out": justOutOf, "silent": justOutOf,
		"stranger": stranger, "optedin": optedIn, "group": group, "talker": talker,
		"webhooks": "may be changed",
	}}
	g.media = media.New(media.Options{
		Store: st, Blobs: blobs, Logger: slog.New(slog.DiscardHandler), Now: noon, FetchWait: time.Millisecond,
	})
	g.face = New(g.withMeta(Options{
		Accounts: st, Sources: st, Intake: st, Journal: st, Consents: st, Contacts: st, Media: g.media, Endpoints: st, Now: noon,
		Logger: slog.New(slog.NewTextHandler(g.logs, nil)),
	}))
	g.http = httptest.NewServer(g.face)
	t.Cleanup(g.http.Close)
	g.names["host"] = g.http.Listener.Addr().String()
	g.alpha = g.account("alpha", "")
	g.beta = g.account("beta", "beta_")
	g.names["empty_token"] = g.token(g.bare("gamma"))
	for _, name := range []string{"meta_templates", "meta_figures", "meta_number", "meta_refuses", "slow_review"} {
		g.names[name] = "see meta_test.go"
	}
	g.knowTemplates(g.alpha)
	g.knowTemplates(g.beta)
	return g
}

// bare makes an account with nothing.
func (g *gateway) bare(name string) wa.AccountID {
	a := wa.Account{ID: wa.NewID[wa.AccountID](), Name: name, CreatedAt: noon()}
	check(g.t, g.store.CreateAccount(g.t.Context(), a))
	return a.ID
}

// token makes a token for an account.
func (g *gateway) token(account wa.AccountID) string {
	tok, text := wa.NewToken(account, "test", noon())
	check(g.t, g.store.CreateToken(g.t.Context(), tok))
	return text.Reveal()
}

// account makes an account with everything; prefix leads the names of its ids.
func (g *gateway) account(name, prefix string) wa.AccountID {
	ctx := g.t.Context()
	a := wa.Account{ID: g.bare(name)}
	g.names[prefix+"token"] = g.token(a.ID)
	old, text := wa.NewToken(a.ID, "old", noon())
	check(g.t, g.store.CreateToken(ctx, old))
	check(g.t, g.store.RevokeToken(ctx, a.ID, old.ID, noon()))
	g.names[prefix+"revoked_token"] = text.Reveal()

	_, text = wa.NewToken(a.ID, "never kept", noon())
	g.names[prefix+"unknown_token"] = text.Reveal()

	source := wa.SourceID(prefix + seedSource)
	g.names[prefix+"source"] = string(source)
	number := "1099" + map[string]string{"": "1", "beta_": "2"}[prefix]
	if prefix == "" {
		g.names["only_source"], g.names["source_name"] = string(source), name+"'s number"
		g.names["number_id"], g.names["waba_id"], g.names["display_number"] = number, "2099", "15550109999"
	}
	_, err := g.store.CreateSource(ctx, wa.Source{
		ID: source, AccountID: a.ID, Name: name + "'s number", CreatedAt: noon(),
		Number: wa.Number{
			ID: number, WABAID: "2099", Display: "15550109999",
			Token: wa.NewSecret("canary-token"), AppSecret: wa.NewSecret("canary-secret"),
		},
	})
	check(g.t, err)
	for _, file := range []string{"image.png", "document.pdf", "audio.aac", "sticker.webp", "video.mp4", "deleted.pdf"} {
		kind, _, _ := strings.Cut(file, ".")
		data := sample(g.t, strings.Replace(file, "deleted", "document", 1))
		m, err := g.media.Put(ctx, a.ID, file, "", bytes.NewReader(data))
		check(g.t, err)
		g.names[prefix+kind] = string(m.ID)
	}
	check(g.t, g.media.Delete(ctx, a.ID, wa.MediaID(g.names[prefix+"deleted"])))
	g.inbound(a.ID, number, prefix)
	_, err = g.store.RecordConsents(ctx, []wa.ConsentRecord{{
		ID: wa.NewID[wa.ConsentID](), AccountID: a.ID, Person: optedIn, Kind: wa.ConsentOptIn, Source: "WEB", At: noon(),
	}})
	check(g.t, err)
	return a.ID
}

// inbound lets people write, which opens windows and leaves a media that is
// still to be fetched and one that is lost.
func (g *gateway) inbound(account wa.AccountID, number, prefix string) {
	ctx := g.t.Context()
	wrote := func(from string, ago time.Duration) wa.Inbound {
		return wa.Inbound{
			WAMID: "wamid." + prefix + from, NumberID: number, From: from, At: noon().Add(-ago), Type: "text", Text: "hi",
		}
	}
	g.names[prefix+"incoming"] = "wamid." + prefix + writer
	inGroup := wrote("15550100009", time.Hour)
	inGroup.GroupID = group
	all := []wa.Inbound{
		wrote(writer, time.Hour), wrote(talker, time.Hour), wrote(justInTo, 24*time.Hour-time.Second), wrote(justOutOf, 24*time.Hour), inGroup,
	}
	for _, name := range []string{"pending", "lost"} {
		in := wrote(writer, time.Hour)
		in.WAMID, in.Type = in.WAMID+name, "image"
		in.Media = &wa.InboundMedia{MetaID: name, Kind: wa.KindImage, MIMEType: "image/png"}
		all = append(all, in)
	}
	updates := wa.AccountUpdates{AccountID: account}
	for _, in := range all {
		updates.Updates = append(updates.Updates, wa.Update{Inbound: &in, NumberID: number})
	}
	check(g.t, g.store.KeepCallback(ctx, wa.Callback{ID: wa.NewID[wa.CallbackID](), ReceivedAt: noon(), Body: []byte("{}")}))
	cs, err := g.store.ClaimCallbacks(ctx, 1, time.Minute)
	check(g.t, err)
	check(g.t, g.store.SettleCallback(ctx, cs[0], []wa.AccountUpdates{updates}))

	fetches, err := g.store.ClaimFetches(ctx, 10, time.Minute)
	check(g.t, err)
	for _, m := range fetches {
		g.names[prefix+m.Inbound.MetaID] = string(m.ID)
		if m.Inbound.MetaID == "lost" {
			m.State = wa.MediaLost
			check(g.t, g.store.SettleFetch(ctx, m, 0))
		}
	}
}

// waiting returns what was accepted, oldest first.
func (g *gateway) waiting() []wa.Message {
	g.t.Helper()
	queues, err := g.store.Queues(g.t.Context())
	check(g.t, err)
	from := make([]store.Share, len(queues))
	for i, q := range queues {
		from[i] = store.Share{Queue: q.ID, Limit: 2000}
	}
	ms, err := g.store.ClaimMessages(g.t.Context(), from, time.Minute)
	check(g.t, err)
	return ms
}

func sample(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "conformance", "media", file))
	check(t, err)
	return data
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
