package conform

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// Access is what is known of a server that cases are to be played against.
type Access struct {
	Target Target
	// Token is the account's; OtherToken is of an account beside it, "" if there
	// is none.
	Token, OtherToken string
	// Set gives values to names, before anything else does.
	Set map[string]string
	// Simulator is the address of a simulator's control face, without a slash at
	// the end, "" if there is none.
	Simulator string
	// Media has the files that are uploaded.
	Media  fs.FS
	Client *http.Client
	// Patience bounds how long a message of the simulator may take to arrive.
	Patience time.Duration
}

// Remote finds the values of names by the server's own API. It is for one run
// and one goroutine.
type Remote struct {
	Access
	ways map[string]way
	// run are the values that hold for the whole run.
	run Names
	// first is the default source at the beginning.
	first source
	// listed are the sources as the present file found them, nil if it did not ask.
	listed []source
	// made are the sources to delete in the end.
	made []madeSource
}

type madeSource struct{ token, id string }

// way is how to get the value of a name.
type way struct {
	// each is whether every file gets a value of its own: its cases may destroy
	// what is behind it.
	each bool
	get  func(ctx context.Context) (string, error)
}

// The numbers of a run that was given no others. Nobody has them.
const (
	defaultWriter   = "15550100001"
	defaultSilent   = "15550100003"
	defaultStranger = "15550100004"
	defaultOptedIn  = "15550100005"
)

// NewRemote prepares nothing yet.
func NewRemote(a Access) *Remote {
	r := &Remote{Access: a, run: Names{}}
	r.ways = r.table()
	return r
}

// table is how every name gets its value. A name that is not here has one only
// by --set.
func (r *Remote) table() map[string]way {
	inside := way{get: unknown("only a test inside of a gateway has it")}
	t := map[string]way{
		"token":         {get: value(r.Token)},
		"unknown_token": {get: r.unknownToken},
		"run":           {get: r.newRun},
		"host":          {get: value(r.Target.host)},

		"source":         {each: true, get: r.source},
		"only_source":    {each: true, get: r.onlySource},
		"source_name":    {each: true, get: r.fact(func(s source) string { return raw(s.Name) })},
		"number_id":      {each: true, get: r.fact(func(s source) string { return raw(s.NumberID) })},
		"waba_id":        {each: true, get: r.fact(func(s source) string { return raw(s.WABAID) })},
		"display_number": {each: true, get: r.fact(func(s source) string { return raw(s.Display) })},

		"writer":        {get: r.writer},
		"writer_spaced": {get: r.writerSpaced},
		"silent":        {get: value(defaultSilent)},
		"stranger":      {get: value(defaultStranger)},
		"optedin":       {get: func(ctx context.Context) (string, error) { return defaultOptedIn, r.optIn(ctx, defaultOptedIn) }},

		"beta_token":  {get: r.other},
		"beta_source": {get: r.otherSource},

		"webhooks": {get: unknown("these cases change where events are posted, and want an account without webhooks: allow it " +
			"with --set webhooks=yes")},

		"just_in": inside, "just_out": inside, "fixed_clock": inside, "pending": inside, "lost": inside,
		"meta_templates": inside, "order_template": inside,
	}
	for name, file := range map[string]string{
		"image": "image.png", "document": "document.pdf", "audio": "audio.aac", "sticker": "sticker.webp", "video": "video.mp4",
	} {
		t[name] = way{each: true, get: func(ctx context.Context) (string, error) { return r.upload(ctx, r.Token, file) }}
		t["beta_"+name] = way{get: func(ctx context.Context) (string, error) {
			token, err := r.get(ctx, "beta_token")
			if err != nil {
				return "", err
			}
			return r.upload(ctx, token, file)
		}}
	}
	t["deleted"] = way{each: true, get: r.deleted}
	return t
}

// Names finds values for what the cases of a file need, and says of the other
// names why they have none.
func (r *Remote) Names(ctx context.Context, f File) (names Names, reasons map[string]error) {
	r.listed = nil
	names, reasons = Names{}, map[string]error{}
	for name, way := range r.ways {
		if way.each {
			delete(r.run, name)
		}
	}
	// Tokens are needed by every file, for they must never be shown, and so is
	// the source: the file before may have made another one the default.
	for _, c := range append([]Case{{Needs: []string{"token", "beta_token", "source"}}}, f.Cases...) {
		for _, name := range c.Needs {
			if names[name] != "" || reasons[name] != nil || name == LastName || name == lastCapitals {
				continue
			}
			v, err := r.get(ctx, name)
			if err != nil {
				reasons[name] = err
				continue
			}
			names[name] = v
		}
	}
	maps.Copy(names, r.Set)
	return names, reasons
}

// get finds the value of one name.
func (r *Remote) get(ctx context.Context, name string) (string, error) {
	if v := r.Set[name]; v != "" {
		return v, nil
	}
	if v := r.run[name]; v != "" {
		return v, nil
	}
	w, ok := r.ways[name]
	if !ok {
		return "", NotKnown("give it with --set " + name + "=…")
	}
	v, err := w.get(ctx)
	if err != nil {
		return "", err
	}
	r.run[name] = v
	return v, nil
}

// CleanUp deletes what the run made beside the account: it is to be called in
// the end.
func (r *Remote) CleanUp(ctx context.Context) error {
	for _, s := range r.made {
		if _, err := r.call(ctx, http.MethodDelete, "/api/v2/source/"+s.id, s.token, nil); err != nil {
			return fmt.Errorf("delete source %s: %w", s.id, err)
		}
	}
	r.made = nil
	return nil
}

func value(v string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return v, nil }
}

func unknown(why string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return "", NotKnown(why) }
}

func (r *Remote) unknownToken(context.Context) (string, error) {
	_, secret := wa.NewToken(wa.NewID[wa.AccountID](), "conform", time.Now())
	return secret.Reveal(), nil
}

// newRun tells the sources of this run from those of the runs before.
func (r *Remote) newRun(context.Context) (string, error) {
	id := string(wa.NewID[wa.SourceID]())
	return "run-" + id[len(id)-8:], nil
}

func (r *Remote) other(context.Context) (string, error) {
	if r.OtherToken == "" {
		return "", NotKnown("give the token of an account beside this one with --other-token")
	}
	return r.OtherToken, nil
}

// writer is a number that has written to the source in the last 24 hours.
func (r *Remote) writer(ctx context.Context) (string, error) {
	if r.Simulator == "" {
		return "", NotKnown("give a number that has written to the source in the last 24 hours with --set writer=…, or let " +
			"--simulator write")
	}
	return defaultWriter, r.openWindow(ctx, defaultWriter)
}

// writerSpaced is the writer's number the way people write it.
func (r *Remote) writerSpaced(ctx context.Context) (string, error) {
	number, err := r.get(ctx, "writer")
	if err != nil {
		return "", err
	}
	groups := slices.Collect(slices.Chunk([]byte(number), 3))
	words := make([]string, len(groups))
	for i, g := range groups {
		words[i] = string(g)
	}
	return strings.Join(words, " "), nil
}

func (r *Remote) deleted(ctx context.Context) (string, error) {
	id, err := r.upload(ctx, r.Token, "document.pdf")
	if err != nil {
		return "", err
	}
	_, err = r.call(ctx, http.MethodDelete, "/api/v2/media/"+id, r.Token, nil)
	return id, err
}
