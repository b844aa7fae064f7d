package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// behind gives every link an id of Meta's of its own.
func (b *bench) behind() {
	b.uploads.link = func(_ context.Context, _ wa.Number, m wa.Media) (wa.MetaLink, error) {
		return wa.MetaLink{ID: "meta of " + m.Link, Filename: "named by the server.pdf"}, nil
	}
}

func TestEveryLinkOfAMessageIsAtMetaBeforeTheAttemptBegins(t *testing.T) {
	at := func(kind wa.MediaKind, link string) *wa.Media { return &wa.Media{Kind: kind, Link: link} }
	card := func(link string) wa.Card {
		return wa.Card{Media: at(wa.KindImage, link), Body: "a card"}
	}
	header := func(link string) wa.Component {
		return wa.Component{Kind: wa.ComponentHeader, Parameters: []wa.Parameter{{Kind: wa.ParameterImage, Media: at(wa.KindImage, link)}}}
	}
	for _, tt := range []struct {
		name    string
		content wa.Content
		links   []string
	}{
		{"a picture", *at(wa.KindImage, "https://a"), []string{"https://a"}},
		{"a header", wa.Interactive{Kind: wa.InteractiveButton, Header: &wa.Header{Media: at(wa.KindVideo, "https://a")}}, []string{"https://a"}},
		{"cards", wa.Interactive{Kind: wa.InteractiveCarousel, Cards: []wa.Card{card("https://a"), card("https://b"), card("https://a")}}, []string{"https://a", "https://b"}},
		{"a template", wa.Template{Name: "t", Language: "en", Components: []wa.Component{header("https://a")}}, []string{"https://a"}},
		{
			"a template's cards",
			wa.Template{Name: "t", Language: "en", Components: []wa.Component{{
				Kind: wa.ComponentCarousel, Cards: []wa.TemplateCard{{Components: []wa.Component{header("https://a")}}, {Components: []wa.Component{header("https://b")}}},
			}}},
			[]string{"https://a", "https://b"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sent)
				b.behind()
				m := b.acceptFrom(b.source, tt.content, "15550100001")[0]
				b.start()
				b.want(wa.StatusSent, m)
				got := b.calls(1)[0].MetaLinks
				if links := slices.Sorted(maps.Keys(got)); !slices.Equal(links, tt.links) {
					t.Errorf("Meta got ids for %v, want %v", links, tt.links)
				}
				for link, id := range got {
					if id != "meta of "+link {
						t.Errorf("%s is %q at Meta", link, id)
					}
				}
			})
		})
	}
}

// WhatsApp shows a document without a name as "Untitled".
func TestADocumentByLinkHasAName(t *testing.T) {
	for said, want := range map[string]string{"": "named by the server.pdf", "bill.pdf": "bill.pdf"} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, sent)
			b.behind()
			b.acceptFrom(b.source, wa.Media{Kind: wa.KindDocument, Link: "https://customer.example/get?id=7", Filename: said}, "15550100001")
			b.start()
			if got := b.calls(1)[0].Message.Content.(wa.Media).Filename; got != want {
				t.Errorf("named %q and sent as %q, want %q", said, got, want)
			}
		})
	}
}

func TestALinkThatMetaHasForgottenIsFetchedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, in(gone(), wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.1"}))
		fetched := 0
		known := ""
		b.uploads.link = func(context.Context, wa.Number, wa.Media) (wa.MetaLink, error) {
			if known == "" {
				fetched++
				known = fmt.Sprint("meta-", fetched)
			}
			return wa.MetaLink{ID: known}, nil
		}
		b.uploads.unlink = func(m wa.Media, metaID string) error {
			if m.Link != linkedPicture().Link || metaID != known {
				t.Errorf("forgets %s of %s, want %s", metaID, m.Link, known)
			}
			known = ""
			return nil
		}
		m := b.acceptFrom(b.source, linkedPicture(), "15550100001")[0]
		b.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		b.want(wa.StatusSent, m)
		for i, c := range b.calls(2) {
			if got, want := c.MetaLinks[linkedPicture().Link], fmt.Sprint("meta-", i+1); got != want {
				t.Errorf("attempt %d carried %s, want %s", i+1, got, want)
			}
		}
	})
}

// linkServer is a customer's server behind the links of a line.
type linkServer struct {
	answers []error // one after another, and then the last one
	at      []time.Time
}

func (s *linkServer) Fetch(context.Context, string) (wa.LinkedFile, error) {
	s.at = append(s.at, time.Now())
	err := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	data := "%PDF-1.7\n%%EOF\n"
	return wa.LinkedFile{Body: io.NopCloser(strings.NewReader(data)), Size: int64(len(data)), Name: "a.pdf"}, err
}

// Link errors have the form in which weblink returns them.
func linkFault(kind wa.OutcomeKind, title string) error {
	o := wa.Outcome{Kind: kind, Failure: wa.Failure{VendorCode: "8008", Title: title}}
	if kind == wa.OutcomeLater {
		o.After, o.Tries = 5*time.Second, 6
	}
	return fmt.Errorf("fetch link: %w", &wa.OutcomeError{Outcome: o})
}

func TestALinkThatGivesNothingFailsTheMessageAndSaysWhy(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fault  error
		tries  int
		remark string
	}{
		{"refused", linkFault(wa.OutcomeRejected, "the link was answered with 404 Not Found"), 1, "8008 Invalid Media id or bad media (the link was answered with 404 Not Found)"},
		{"broken", linkFault(wa.OutcomeLater, "the link was answered with 503 Service Unavailable"), 6, "8008 Invalid Media id or bad media (the link was answered with 503 Service Unavailable)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGraph(t, "")
			synctest.Test(t, func(t *testing.T) {
				s := &linkServer{answers: []error{tt.fault}}
				l := newLine(t, g.URL)
				l.linkTo(s)
				m := l.acceptFrom(l.source, wa.Media{Kind: wa.KindDocument, Link: "https://customer.example/a.pdf"}, "15550100001")[0]
				stop := l.start()
				time.Sleep(20 * time.Second)
				stop() // the count outlasts a restart
				l.start()
				time.Sleep(20 * time.Minute)
				synctest.Wait()
				l.want(wa.StatusFailed, m)
				if told := l.told(); len(told) != 1 || !strings.Contains(told[0], tt.remark) {
					t.Errorf("the customer is told %s", told)
				}
				if uploads, sends := g.count(); uploads+sends != 0 || len(s.at) != tt.tries {
					t.Errorf("%d fetches, %d uploads, %d sends, want %d fetches only", len(s.at), uploads, sends, tt.tries)
				}
				if len(s.at) == tt.tries && tt.tries > 1 && s.at[len(s.at)-1].Sub(s.at[0]) < time.Minute {
					t.Errorf("given up after %v", s.at[len(s.at)-1].Sub(s.at[0]))
				}
			})
		})
	}
}

// A campaign is one fetch and one upload, whatever happens in between.
func TestACampaignWithALinkIsFetchedAndUploadedOnce(t *testing.T) {
	const people = 300
	g := newGraph(t, "")
	synctest.Test(t, func(t *testing.T) {
		s := &linkServer{answers: []error{linkFault(wa.OutcomeLater, "a fault"), nil, errors.New("fetched twice")}}
		l := newLine(t, g.URL)
		l.linkTo(s)
		var to []string
		for i := range people {
			to = append(to, fmt.Sprint(15550100000+i))
		}
		all := l.acceptFrom(l.source, wa.Media{Kind: wa.KindDocument, Link: "https://customer.example/a.pdf"}, to...)
		l.start()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		l.want(wa.StatusSent, all...)
		if uploads, sends := g.count(); uploads != 1 || sends != people || len(s.at) != 2 {
			t.Errorf("%d fetches, %d uploads, %d sends, want 2, 1 and %d", len(s.at), uploads, sends, people)
		}
	})
}
