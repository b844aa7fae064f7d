package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/sim/phone"
)

// seedLength is how much past the sample has.
const seedLength = 24 * time.Hour

// seeder lives through a sample day: it moves the clock and does what a shop and its customers do. Nobody listens to callbacks yet
// while it is at work, so none is posted.
type seeder struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one call
	meta   *sim.Sim
	graph  string
	number sim.Number
	client *http.Client
	begin  time.Time
	last   map[string]string // the last message sent to each phone
	err    error             // the first thing that went wrong; nothing happens after it
}

// seedDemo fills a new simulator, which has no callback yet, with phones, templates and a day of traffic that ends now. With the
// same seed it is the same day.
func seedDemo(ctx context.Context, meta *sim.Sim, graphURL string, n sim.Number) error {
	meta.Freeze()
	now := meta.Clock().Now
	s := &seeder{
		ctx: ctx, meta: meta, graph: graphURL, number: n, client: &http.Client{Timeout: time.Minute},
		begin: now.Add(-seedLength), last: map[string]string{},
	}
	s.note(meta.SetTime(ctx, s.begin))
	s.people()
	s.templates()
	s.morning()
	s.noon()
	s.evening()
	s.until(seedLength)
	meta.Thaw()
	return s.err
}

func (s *seeder) note(err error) {
	s.err = errors.Join(s.err, err)
}

// until lets time pass, counted from the beginning of the day.
func (s *seeder) until(t time.Duration) {
	if s.err == nil {
		s.note(s.meta.SetTime(s.ctx, s.begin.Add(t)))
	}
}

// The people of the sample, by the last two digits of their numbers.
const (
	ada = "15550100001"
	ben = "15550100002"
	cem = "15550100003"
	dee = "15550100004"
	eli = "15550100005"
	fay = "15550100006"
	gus = "15550100007"
	hal = "15550100008"
)

func (s *seeder) people() {
	for _, p := range []sim.Phone{
		{Number: ada, Name: "Ada", About: "Tea, not coffee", Receipts: true, Played: true, Online: true},
		{Number: ben, Name: "Ben", About: "At work", Receipts: true, Online: true},
		{Number: cem, Name: "Cem", Username: "@cem", Hidden: true, Receipts: true, Played: true, Online: true},
		{Number: dee, Name: "Dee", Online: true},
		{Number: eli, Name: "Eli", About: "On a train", Receipts: true},
		{Number: fay, Name: "Fay", Receipts: true, Played: true, Online: true},
		{Number: gus, Name: "Gus", Receipts: true, Online: true},
		{Number: hal, Name: "Hal", Absent: true},
	} {
		s.note(s.meta.SetPhone(p))
	}
}

// templates creates one that is approved, and one that is refused.
func (s *seeder) templates() {
	const draft = `{"name":%q,"language":"en","category":%q,"components":[{"type":"BODY","text":%q,"example":{"body_text":[["Ada"]]}},` +
		`{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Yes, please"},{"type":"QUICK_REPLY","text":"Not now"}]}]}`
	s.graphJSON("/"+s.number.WABAID+"/message_templates", fmt.Sprintf(draft, "table_reminder", "UTILITY", "Hi {{1}}, shall we keep your table for tonight?"), nil)
	s.graphJSON("/"+s.number.WABAID+"/message_templates", fmt.Sprintf(draft, "reject_me", "MARKETING", "Hi {{1}}, free money for you!"), nil)
	s.until(10 * time.Minute)
}

// morning is an offer to everybody, and what they make of it.
func (s *seeder) morning() {
	header := s.upload("spring.png", "image/png", picture(color.RGBA{90, 170, 90, 255}))
	for i, to := range []string{ada, ben, cem, dee, eli, fay, gus, hal} {
		s.until(time.Hour + time.Duration(i)*2*time.Second)
		name := []string{"Ada", "Ben", "Cem", "Dee", "Eli", "Fay", "Gus", "Hal"}[i]
		s.send(to, `"type":"template","template":{"name":"spring_sale","language":{"code":"en"},"components":[`+
			`{"type":"header","parameters":[{"type":"image","image":{"id":"`+header+`"}}]},`+
			`{"type":"body","parameters":[{"type":"text","text":"`+name+`"}]}]}`)
	}
	s.until(65 * time.Minute)
	s.tap(ada, "Show me")
	s.until(66 * time.Minute)
	s.tap(gus, "No more offers")
	s.note(s.meta.StopMarketing(gus, s.number.ID, true))
	s.until(70 * time.Minute)
	s.send(ada, `"type":"interactive","interactive":{"type":"list","body":{"text":"What do you like?"},"action":{"button":"Choose","sections":[`+
		`{"title":"Herbs","rows":[{"id":"basil","title":"Basil","description":"a pot, 3 USD"},{"id":"mint","title":"Mint","description":"a pot, 2 USD"}]}]}}`)
	s.until(72 * time.Minute)
	s.tap(ada, "Mint")
	s.until(73 * time.Minute)
	s.text(ada, "One pot of mint, we bring it this afternoon.")
	s.until(75 * time.Minute)
	s.react(ada, "👍")
}

// noon is what a shop is asked.
func (s *seeder) noon() {
	s.until(5 * time.Hour)
	s.say(ben, "Are you open today?")
	s.until(5*time.Hour + time.Minute)
	s.text(ben, "Until eight. You find us here:")
	s.send(ben, `"type":"location","location":{"latitude":52.52,"longitude":13.405,"name":"The shop","address":"Way 1"}`)
	s.until(5*time.Hour + 3*time.Minute)
	s.write(ben, sim.Inbound{Media: bytes.NewReader(picture(color.RGBA{160, 110, 60, 255})), MIMEType: "image/png", Filename: "pot.png", Caption: "Do you have this one?"})
	s.until(5*time.Hour + 4*time.Minute)
	s.send(ben, `"type":"interactive","interactive":{"type":"button","body":{"text":"We do. Shall we put it aside?"},"action":{"buttons":[`+
		`{"type":"reply","reply":{"id":"aside","title":"Yes"}},{"type":"reply","reply":{"id":"no","title":"No"}}]}}`)
	s.until(5*time.Hour + 6*time.Minute)
	s.tap(ben, "Yes")
	s.until(6 * time.Hour)
	s.say(cem, "hello, are you there?")
	s.write(cem, sim.Inbound{Type: "location", Object: json.RawMessage(`{"latitude":52.5,"longitude":13.4,"name":"My balcony"}`)})
	s.until(6*time.Hour + 2*time.Minute)
	s.text(cem, "We are. What grows there?")
	s.until(7 * time.Hour)
	s.say(fay, "I would like to order")
	s.send(fay, `"type":"interactive","interactive":{"type":"product","body":{"text":"A basket of herbs"},"action":{"catalog_id":"7","product_retailer_id":"basket"}}`)
	s.until(7*time.Hour + 5*time.Minute)
	s.tap(fay, "View")
	s.until(7*time.Hour + 10*time.Minute)
	invoice := s.upload("invoice.pdf", "application/pdf", samplePDF)
	s.send(fay, `"type":"template","template":{"name":"invoice_ready","language":{"code":"en"},"components":[{"type":"header","parameters":[`+
		`{"type":"document","document":{"id":"`+invoice+`","filename":"invoice.pdf"}}]},{"type":"body","parameters":[{"type":"text","text":"2026-001"}]},`+
		`{"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":"1"}]}]}`)
}

// evening has what fails: an offer to who wants none, a word out of the window, a message nobody can get.
func (s *seeder) evening() {
	s.until(20 * time.Hour)
	s.send(gus, `"type":"template","template":{"name":"flash_offer","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"Gus"}]},`+
		`{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":4102444800000}}]},`+
		`{"type":"button","sub_type":"copy_code","index":0,"parameters":[{"type":"coupon_code","coupon_code":"MINT"}]},`+
		`{"type":"button","sub_type":"url","index":1,"parameters":[{"type":"text","text":"8"}]}]}`)
	s.text(dee, "Hello Dee, long time no see!")
	s.send(hal, `"type":"template","template":{"name":"order_update","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"Hal"},{"type":"text","text":"2"}]}]}`)
	s.until(21 * time.Hour)
	s.send(ada, `"type":"template","template":{"name":"table_reminder","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ada"}]}]}`)
	s.until(21*time.Hour + 5*time.Minute)
	s.tap(ada, "Yes, please")
	s.until(23*time.Hour + 40*time.Minute)
	s.say(ada, "Thank you, the mint is lovely")
	s.until(23*time.Hour + 50*time.Minute)
	s.say(ben, "May I pick up the pot tomorrow?")
}

func (s *seeder) say(from, text string) { s.write(from, sim.Inbound{Text: text}) }

func (s *seeder) write(from string, in sim.Inbound) {
	if s.err != nil {
		return
	}
	in.From, in.To = from, s.number.ID
	_, err := s.meta.Say(s.ctx, in)
	s.note(err)
}

func (s *seeder) react(from, emoji string) {
	object, err := json.Marshal(map[string]string{"message_id": s.last[from], "emoji": emoji})
	s.note(err)
	s.write(from, sim.Inbound{Type: "reaction", Object: object})
}

// tap taps on the last message to a phone.
func (s *seeder) tap(from, label string) {
	if s.err != nil {
		return
	}
	button, err := json.Marshal(label)
	s.note(err)
	_, _, err = s.meta.Tap(from, s.last[from], phone.Tap{Button: button})
	s.note(err)
}

func (s *seeder) text(to, text string) {
	body, err := json.Marshal(map[string]string{"body": text})
	s.note(err)
	s.send(to, `"type":"text","text":`+string(body))
}

// send sends a message as a program would.
func (s *seeder) send(to, rest string) {
	var answer struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	s.graphJSON("/"+s.number.ID+"/messages", `{"messaging_product":"whatsapp","to":"`+to+`",`+rest+`}`, &answer)
	if len(answer.Messages) == 1 {
		s.last[to] = answer.Messages[0].ID
	}
}

func (s *seeder) upload(name, mimeType string, data []byte) string {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	s.note(form.WriteField("messaging_product", "whatsapp"))
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", name)}, "Content-Type": {mimeType},
	})
	if err == nil {
		_, err = part.Write(data)
	}
	s.note(errors.Join(err, form.Close()))
	var answer struct {
		ID string `json:"id"`
	}
	s.graphCall("/"+s.number.ID+"/media", form.FormDataContentType(), &body, &answer)
	return answer.ID
}

func (s *seeder) graphJSON(path, body string, into any) {
	s.graphCall(path, "application/json", strings.NewReader(body), into)
}

func (s *seeder) graphCall(path, contentType string, body io.Reader, into any) {
	if s.err != nil {
		return
	}
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.graph+path, body)
	if err != nil {
		s.note(err)
		return
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+s.number.AccessToken)
	resp, err := s.client.Do(req)
	if err != nil {
		s.note(err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	s.note(err)
	if resp.StatusCode != http.StatusOK {
		s.note(fmt.Errorf("POST %s was answered %d %s", path, resp.StatusCode, text))
		return
	}
	if into != nil {
		s.note(json.Unmarshal(text, into))
	}
}

// picture is a plain PNG of one color.
func picture(c color.RGBA) []byte {
	const side = 64
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range side * side {
		img.SetRGBA(i%side, i/side, c)
	}
	var data bytes.Buffer
	if err := png.Encode(&data, img); err != nil {
		return nil // memory takes every picture
	}
	return data.Bytes()
}
