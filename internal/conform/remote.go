package conform

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
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
	Media fs.FS
	// Templates are those that the cases expect at Meta.
	Templates []Template
	Client    *http.Client
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
	// failed is why names have no value, for as long as they would have it.
	failed map[string]error
	// first is the default source at the beginning.
	first source
	// listed are the sources as the present file found them, nil if it did not ask.
	listed []source
	// ids are those of the templates at Meta, by the names that cases have for
	// them.
	ids map[string]string
	// webhooksKept is whether the webhooks will be put back.
	webhooksKept bool
	// undo is what has to be done in the end, last first.
	undo []func(context.Context) error
}

// way is how to get the value of a name.
type way struct {
	// each is whether every file gets a value of its own: its cases may destroy
	// what is behind it.
	each bool
	// prepares is whether get does something that no given value can stand for.
	prepares bool
	get      func(ctx context.Context) (string, error)
}

// The people of a run that was given no others. Nobody has these numbers.
const (
	defaultWriter   = "15550100001"
	defaultJustIn   = "15550100002"
	defaultSilent   = "15550100003"
	defaultStranger = "15550100004"
	defaultOptedIn  = "15550100005"
	defaultJustOut  = "15550100006"
	defaultMember   = "15550100009"
	defaultTalker   = "15550100010"
	defaultGroup    = "conform-group"
)

// NewRemote prepares nothing yet.
func NewRemote(a Access) *Remote {
	r := &Remote{Access: a, run: Names{}, failed: map[string]error{}}
	r.ways = r.table()
	return r
}

// table is how every name gets its value. A name that is not here has one only
// by --set.
func (r *Remote) table() map[string]way {
	inside := func(why string) way { return way{get: unknown(why)} }
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

		"writer":        {get: r.writes("writer", defaultWriter)},
		"writer_spaced": {get: r.writerSpaced},
		"incoming":      {get: r.incoming},
		"talker":        {get: r.writes("talker", defaultTalker)},
		"just_in":       {get: r.wroteBefore("just_in", defaultJustIn, window-margin)},
		"just_out":      {get: r.wroteBefore("just_out", defaultJustOut, window+time.Second)},
		"group":         {get: r.group},
		"silent":        {get: value(defaultSilent)},
		"stranger":      {get: value(defaultStranger)},
		"optedin":       {get: func(ctx context.Context) (string, error) { return defaultOptedIn, r.optIn(ctx, defaultOptedIn) }},

		"beta_token":    {get: r.other},
		"beta_source":   {get: r.otherSource},
		"empty_token":   {get: unknown("give the token of an account that has no source with --set empty_token=…")},
		"revoked_token": {get: unknown("give a token of the account that was revoked with --set revoked_token=…")},

		"webhooks":       {each: true, prepares: true, get: r.webhooks},
		"meta_templates": {get: r.templates},

		"fixed_clock":  inside("a server's clock stands still only in a test of the gateway"),
		"pending":      inside("it is the id of a media that is being fetched, which only a test of the gateway can stop at"),
		"lost":         inside("the id of a media that could not be fetched is known only to the gateway and its webhook"),
		"slow_review":  inside("Meta, and the simulator, may review a new template before it is looked at; in a test of the gateway nobody does"),
		"meta_figures": inside("figures are those of the templates' messages, which only a Meta made for a test knows beforehand"),
		"meta_number":  inside("what Meta knows of a number and its profile is another thing for each; a Meta made for a test is known"),
		"meta_refuses": inside("only a Meta made for a test has an account whose token expired, one that is away, and one without templates"),
	}
	for _, m := range r.Templates {
		t[m.Key] = way{get: r.templateID(m.Key)}
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
			delete(r.failed, name)
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
	for name, v := range r.Set {
		if reasons[name] == nil {
			names[name] = v
		}
	}
	return names, reasons
}

// get finds the value of one name.
func (r *Remote) get(ctx context.Context, name string) (string, error) {
	w, ok := r.ways[name]
	if v := r.Set[name]; v != "" && !w.prepares {
		return v, nil
	}
	if v := r.run[name]; v != "" {
		return v, nil
	}
	if !ok {
		return "", NotKnown("give it with --set " + name + "=…")
	}
	if err := r.failed[name]; err != nil {
		return "", err
	}
	v, err := w.get(ctx)
	if err != nil {
		r.failed[name] = err
		return "", err
	}
	r.run[name] = v
	return v, nil
}

// later keeps what has to be done in the end.
func (r *Remote) later(do func(context.Context) error) { r.undo = append(r.undo, do) }

// CleanUp takes back what the run did beside the cases: it is to be called in
// the end. What fails does not keep the rest from being done.
func (r *Remote) CleanUp(ctx context.Context) error {
	failed := r.sweep(ctx)
	for _, do := range slices.Backward(r.undo) {
		if err := do(ctx); err != nil {
			failed = errors.Join(failed, fmt.Errorf("clean up: %w", err))
		}
	}
	r.undo = nil
	return failed
}

// sweep makes the default source the default again and deletes those that a case
// made and, as another one failed, did not delete.
func (r *Remote) sweep(ctx context.Context) error {
	if r.first.ID == nil {
		return nil // nothing is known of sources
	}
	r.listed = nil
	list, err := r.sources(ctx)
	if err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	for _, s := range list {
		if run := r.run["run"]; run != "" && strings.Contains(raw(s.ID), run) {
			err = errors.Join(err, r.deleteSource(ctx, r.Token, raw(s.ID)))
		}
	}
	return err
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

// newRun tells what this run makes from what the runs before made. It may be
// part of the name of a template. It has no digits, because a server may hide in
// its answers what looks like a phone number.
func (r *Remote) newRun(context.Context) (string, error) {
	letters := []byte(strings.ToLower(rand.Text())[:16])
	for i, c := range letters {
		if c < 'a' {
			letters[i] = c - '2' + 'a'
		}
	}
	return "run_" + string(letters), nil
}

func (r *Remote) other(context.Context) (string, error) {
	if r.OtherToken == "" {
		return "", NotKnown("give the token of an account beside this one with --other-token")
	}
	return r.OtherToken, nil
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
