package encode

import (
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

// A link that we have fetched is sent by the id of its upload, wherever it
// stands; any other goes as it is.
func TestAFetchedLinkIsSentByItsID(t *testing.T) {
	const fetched, other = "https://files.example/a.png", "https://files.example/b.png"
	image := func(link string) *wa.Media { return &wa.Media{Kind: wa.KindImage, Link: link} }
	header := func(link string) wa.Component {
		return wa.Component{Kind: wa.ComponentHeader, Parameters: []wa.Parameter{{Kind: wa.ParameterImage, Media: image(link)}}}
	}
	for name, content := range map[string]func(link string) wa.Content{
		"message": func(link string) wa.Content { return *image(link) },
		"header": func(link string) wa.Content {
			return wa.Interactive{Kind: wa.InteractiveLink, Body: "b", Header: &wa.Header{Media: image(link)}, Link: &wa.LinkButton{Label: "l", URL: "https://shop.example/"}}
		},
		"template's header": func(link string) wa.Content {
			return wa.Template{Name: "t", Language: "en", Components: []wa.Component{header(link)}}
		},
		"template's card": func(link string) wa.Content {
			return wa.Template{Name: "t", Language: "en", Components: []wa.Component{{
				Kind: wa.ComponentCarousel, Cards: []wa.TemplateCard{{Components: []wa.Component{header(link)}}},
			}}}
		},
	} {
		for link, want := range map[string]string{fetched: `{"id":"900000000000001"}`, other: `{"link":"` + other + `"}`} {
			d := textDispatch()
			d.Message.Content, d.MetaLinks = content(link), map[string]string{fetched: "900000000000001", "": "never"}
			body, err := Send(d)
			if err != nil || !strings.Contains(string(body), `"image":`+want) {
				t.Errorf("%s of %s: %v, %s", name, link, err, body)
			}
		}
	}
	d := textDispatch()
	d.Message.Content, d.MetaLinks = wa.Media{Kind: wa.KindImage}, map[string]string{"": "never"}
	if body, err := Send(d); err == nil {
		t.Errorf("a media without anything went as %s", body)
	}
}
