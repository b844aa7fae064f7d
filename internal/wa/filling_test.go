package wa

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func textsOf(list ...string) (ps []Parameter) {
	for _, s := range list {
		ps = append(ps, Parameter{Kind: ParameterText, Text: s})
	}
	return ps
}

func imageParameter() *Parameter {
	return &Parameter{Kind: ParameterImage, Media: &Media{Kind: KindImage, MediaID: "m"}}
}

func buttonPart(index int, kind ButtonKind, p Parameter) Component {
	return Component{Kind: ComponentButton, Button: kind, Index: index, Parameters: []Parameter{p}}
}

func TestVariables(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                nil,
		"none":                            nil,
		"{{1}} and {{2}}":                 {"1", "2"},
		"{{2}} before {{1}}, {{2}} again": {"2", "1"},
		"{{ first_name }}{{Last}}":        {"first_name", "Last"},
		"{1} {{}} {{a b}} {{{3}}}":        {"3"},
	} {
		if diff := cmp.Diff(want, Variables(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestAttributesAreInTheOrderOfASend(t *testing.T) {
	for _, row := range []struct {
		d    TemplateDefinition
		want []string
	}{
		{TemplateDefinition{Body: "{{2}} {{10}} {{1}}"}, []string{"1", "2", "10"}},
		{TemplateDefinition{Header: &HeaderDefinition{HeaderText, "{{1}}"}, Body: "{{2}} {{1}}"}, []string{"1", "1", "2"}},
		{TemplateDefinition{Named: true, Body: "{{who}} {{day}}"}, []string{"who", "day"}},
		{TemplateDefinition{Body: "{{b}} {{1}} {{a}}"}, []string{"1", "b", "a"}},
	} {
		if diff := cmp.Diff(row.want, row.d.Attributes()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", row.d.Body, diff)
		}
	}
}

func TestGuess(t *testing.T) {
	f := Filling{
		Texts: textsOf("a", "b"), Header: imageParameter(), ExpiresAtMillis: 5, OrderStatus: &OrderStatus{ReferenceID: "r"},
		Buttons: []ButtonFilling{
			{Index: 0, Value: "YES"},
			{Index: 1, Value: "https://h.example/x"},
			{Index: 2, Kind: ButtonCopyCode, Value: "TEA"},
			{Index: 3, Kind: ButtonFlow, Value: "token"},
			{Index: 4, Kind: ButtonCatalog, Action: &ButtonAction{Thumbnail: "p"}},
			{Index: 5, Kind: ButtonOrderDetails, Order: &Order{ReferenceID: "r"}},
		},
		Cards: []Filling{{Header: imageParameter(), Texts: textsOf("c")}, {Buttons: []ButtonFilling{{Value: "x"}}}},
	}
	want := []Component{
		{Kind: ComponentHeader, Parameters: []Parameter{*imageParameter()}},
		{Kind: ComponentBody, Parameters: textsOf("a", "b")},
		{Kind: ComponentOffer, Parameters: []Parameter{{Kind: ParameterOffer, ExpiresAtMillis: 5}}},
		{Kind: ComponentOrderStatus, Parameters: []Parameter{{Kind: ParameterOrderStatus, OrderStatus: &OrderStatus{ReferenceID: "r"}}}},
		buttonPart(0, ButtonQuickReply, Parameter{Kind: ParameterPayload, Text: "YES"}),
		buttonPart(1, ButtonURL, Parameter{Kind: ParameterText, Text: "https://h.example/x"}),
		buttonPart(2, ButtonCopyCode, Parameter{Kind: ParameterCouponCode, Text: "TEA"}),
		buttonPart(3, ButtonFlow, Parameter{Kind: ParameterAction, Action: &ButtonAction{FlowToken: "token"}}),
		buttonPart(4, ButtonCatalog, Parameter{Kind: ParameterAction, Action: &ButtonAction{Thumbnail: "p"}}),
		buttonPart(5, ButtonOrderDetails, Parameter{Kind: ParameterAction, Order: &Order{ReferenceID: "r"}}),
		{Kind: ComponentCarousel, Cards: []TemplateCard{
			{Components: []Component{
				{Kind: ComponentHeader, Parameters: []Parameter{*imageParameter()}}, {Kind: ComponentBody, Parameters: textsOf("c")},
			}},
			{Components: []Component{buttonPart(0, ButtonQuickReply, Parameter{Kind: ParameterPayload, Text: "x"})}},
		}},
	}
	if diff := cmp.Diff(want, f.Guess()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, FillingOf(Template{Components: want}).Guess()); diff != "" {
		t.Errorf("there and back (-want +got):\n%s", diff)
	}
}

func TestGuessButton(t *testing.T) {
	for value, want := range map[string]ButtonKind{
		"https://h.example/x": ButtonURL, "shop/42": ButtonURL, "?a=b": ButtonURL, "id=5": ButtonURL, "a&b": ButtonURL,
		"": ButtonQuickReply, "yes": ButtonQuickReply, "ORDER_42": ButtonQuickReply, `{"a":"b/c"}`: ButtonQuickReply,
		"yes / no": ButtonQuickReply, "12345": ButtonQuickReply,
	} {
		if got := guessButton(value); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	code := TemplateDefinition{
		Authentication: true, Body: "*{{1}}* is your code.",
		Buttons: []ButtonDefinition{{Kind: "URL", URL: "https://www.example.com/otp/code/?code=otp{{1}}"}},
	}
	tests := []struct {
		name string
		d    TemplateDefinition
		f    Filling
		want []Component
	}{
		{"nothing", TemplateDefinition{Body: "Hello", Buttons: []ButtonDefinition{{Kind: "PHONE_NUMBER"}, {Kind: "QUICK_REPLY"}, {Kind: "FLOW"}}}, Filling{}, nil},
		{"body", TemplateDefinition{Body: "{{2}} {{1}}"}, Filling{Texts: textsOf("a", "b")}, []Component{{Kind: ComponentBody, Parameters: textsOf("a", "b")}}},
		{
			"a variable that is there twice",
			TemplateDefinition{Body: "{{1}} {{1}}"},
			Filling{Texts: textsOf("a")},
			[]Component{{Kind: ComponentBody, Parameters: textsOf("a")}},
		},
		{
			"header first",
			TemplateDefinition{Header: &HeaderDefinition{HeaderText, "For {{1}}"}, Body: "{{1}}"},
			Filling{Texts: textsOf("a", "b")},
			[]Component{{Kind: ComponentHeader, Parameters: textsOf("a")}, {Kind: ComponentBody, Parameters: textsOf("b")}},
		},
		{
			"header without a variable",
			TemplateDefinition{Header: &HeaderDefinition{HeaderText, "Hello"}, Body: "{{1}}"},
			Filling{Texts: textsOf("a")},
			[]Component{{Kind: ComponentBody, Parameters: textsOf("a")}},
		},
		{
			"names in order",
			TemplateDefinition{Named: true, Header: &HeaderDefinition{HeaderText, "{{who}}"}, Body: "{{day}} {{time}}"},
			Filling{Texts: textsOf("a", "b", "c")},
			[]Component{
				{Kind: ComponentHeader, Parameters: []Parameter{{Kind: ParameterText, Name: "who", Text: "a"}}},
				{Kind: ComponentBody, Parameters: []Parameter{{Kind: ParameterText, Name: "day", Text: "b"}, {Kind: ParameterText, Name: "time", Text: "c"}}},
			},
		},
		{
			"names of the message's own",
			TemplateDefinition{Named: true, Body: "{{day}} {{time}}"},
			Filling{Placed: true, Texts: []Parameter{{Kind: ParameterText, Name: "time", Text: "a"}, {Kind: ParameterText, Name: "day", Text: "b"}}},
			[]Component{{Kind: ComponentBody, Parameters: []Parameter{{Kind: ParameterText, Name: "time", Text: "a"}, {Kind: ParameterText, Name: "day", Text: "b"}}}},
		},
		{
			"placed texts stay where they are",
			TemplateDefinition{Header: &HeaderDefinition{HeaderText, "For {{1}}"}, Body: "{{1}} {{2}}"},
			Filling{Placed: true, HeaderTexts: textsOf("h"), Texts: textsOf("a", "b")},
			[]Component{{Kind: ComponentHeader, Parameters: textsOf("h")}, {Kind: ComponentBody, Parameters: textsOf("a", "b")}},
		},
		{
			"a header of an unknown kind, with a value",
			TemplateDefinition{Header: &HeaderDefinition{Format: "GIF"}},
			Filling{Header: imageParameter()},
			[]Component{{Kind: ComponentHeader, Parameters: []Parameter{*imageParameter()}}},
		},
		{
			"a header of an unknown kind, with a text",
			TemplateDefinition{Header: &HeaderDefinition{Format: "POEM"}},
			Filling{Placed: true, HeaderTexts: textsOf("a")},
			[]Component{{Kind: ComponentHeader, Parameters: textsOf("a")}},
		},
		{"a header of an unknown kind, without a value", TemplateDefinition{Header: &HeaderDefinition{Format: "GIF"}}, Filling{}, nil},
		{
			"buttons of unknown kinds",
			TemplateDefinition{Buttons: []ButtonDefinition{{Kind: "REMINDER"}, {Kind: "REMINDER"}, {Kind: "REMINDER"}}},
			Filling{Buttons: []ButtonFilling{{Index: 0, Value: "a/b"}, {Index: 1, Kind: ButtonQuickReply, Value: "c"}}},
			[]Component{
				buttonPart(0, ButtonURL, Parameter{Kind: ParameterText, Text: "a/b"}),
				buttonPart(1, ButtonQuickReply, Parameter{Kind: ParameterPayload, Text: "c"}),
			},
		},
		{
			"media",
			TemplateDefinition{Header: &HeaderDefinition{Format: HeaderImage}, Body: "Hello"},
			Filling{Header: imageParameter()},
			[]Component{{Kind: ComponentHeader, Parameters: []Parameter{*imageParameter()}}},
		},
		{
			"buttons become what they are",
			TemplateDefinition{Buttons: []ButtonDefinition{
				{Kind: "URL", URL: "https://h.example/{{1}}"}, {Kind: "QUICK_REPLY"}, {Kind: "COPY_CODE"}, {Kind: "FLOW"}, {Kind: "CATALOG"},
			}},
			Filling{Buttons: []ButtonFilling{
				{Index: 0, Kind: ButtonQuickReply, Value: "abc"},
				{Index: 1, Kind: ButtonURL, Value: "a/b"},
				{Index: 2, Kind: ButtonQuickReply, Value: "TEA"},
				{Index: 3, Value: "token"},
				{Index: 4, Value: "p"},
			}},
			[]Component{
				buttonPart(0, ButtonURL, Parameter{Kind: ParameterText, Text: "abc"}),
				buttonPart(1, ButtonQuickReply, Parameter{Kind: ParameterPayload, Text: "a/b"}),
				buttonPart(2, ButtonCopyCode, Parameter{Kind: ParameterCouponCode, Text: "TEA"}),
				buttonPart(3, ButtonFlow, Parameter{Kind: ParameterAction, Action: &ButtonAction{FlowToken: "token"}}),
				buttonPart(4, ButtonCatalog, Parameter{Kind: ParameterAction, Action: &ButtonAction{Thumbnail: "p"}}),
			},
		},
		{
			"only the end of a link",
			TemplateDefinition{Buttons: []ButtonDefinition{{Kind: "URL", URL: "https://h.example/{{1}}"}}},
			Filling{Buttons: []ButtonFilling{{Value: "https://h.example/a?b=c"}}},
			[]Component{buttonPart(0, ButtonURL, Parameter{Kind: ParameterText, Text: "a?b=c"})},
		},
		{
			"another link",
			TemplateDefinition{Buttons: []ButtonDefinition{{Kind: "URL", URL: "https://h.example/{{1}}"}}},
			Filling{Buttons: []ButtonFilling{{Value: "https://other.example/a"}}},
			[]Component{buttonPart(0, ButtonURL, Parameter{Kind: ParameterText, Text: "https://other.example/a"})},
		},
		{"a code twice", code, Filling{Texts: textsOf("123456")}, []Component{
			{Kind: ComponentBody, Parameters: textsOf("123456")}, buttonPart(0, ButtonURL, Parameter{Kind: ParameterText, Text: "123456"}),
		}},
		{
			"a code without a text that is known",
			TemplateDefinition{Authentication: true, Buttons: []ButtonDefinition{{Kind: "OTP"}}},
			Filling{Texts: textsOf("1"), Buttons: []ButtonFilling{{Value: "2"}}},
			[]Component{{Kind: ComponentBody, Parameters: textsOf("1")}, buttonPart(0, ButtonURL, Parameter{Kind: ParameterText, Text: "2"})},
		},
		{"an offer", TemplateDefinition{Offer: true, OfferExpires: true}, Filling{ExpiresAtMillis: 1790000000000}, []Component{
			{Kind: ComponentOffer, Parameters: []Parameter{{Kind: ParameterOffer, ExpiresAtMillis: 1790000000000}}},
		}},
		{
			"texts at their limits",
			TemplateDefinition{Header: &HeaderDefinition{HeaderText, "For {{1}}"}, Body: "{{1}} é {{2}}", Buttons: []ButtonDefinition{{Kind: "QUICK_REPLY"}}},
			Filling{Texts: textsOf(strings.Repeat("é", 56), strings.Repeat("é", 1020), "é"), Buttons: []ButtonFilling{{Value: strings.Repeat("é", 256)}}},
			[]Component{
				{Kind: ComponentHeader, Parameters: textsOf(strings.Repeat("é", 56))},
				{Kind: ComponentBody, Parameters: textsOf(strings.Repeat("é", 1020), "é")},
				buttonPart(0, ButtonQuickReply, Parameter{Kind: ParameterPayload, Text: strings.Repeat("é", 256)}),
			},
		},
		{
			"a body alone",
			TemplateDefinition{Body: "a {{1}}"},
			Filling{Texts: textsOf(strings.Repeat("é", 2000))},
			[]Component{{Kind: ComponentBody, Parameters: textsOf(strings.Repeat("é", 2000))}},
		},
		{
			"the longest code",
			TemplateDefinition{Authentication: true, Body: "{{1}}"},
			Filling{Texts: textsOf(strings.Repeat("1", 15))},
			[]Component{{Kind: ComponentBody, Parameters: textsOf(strings.Repeat("1", 15))}},
		},
		{"an offer without end", TemplateDefinition{Offer: true}, Filling{}, nil},
		{
			"cards",
			TemplateDefinition{Cards: []TemplateDefinition{{Body: "{{1}}"}, {Buttons: []ButtonDefinition{{Kind: "URL", URL: "https://h.example/{{1}}"}}}}},
			Filling{Cards: []Filling{{Texts: textsOf("a")}, {Buttons: []ButtonFilling{{Value: "https://h.example/b"}}}}},
			[]Component{{Kind: ComponentCarousel, Cards: []TemplateCard{
				{Components: []Component{{Kind: ComponentBody, Parameters: textsOf("a")}}},
				{Components: []Component{buttonPart(0, ButtonURL, Parameter{Kind: ParameterText, Text: "b"})}},
			}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ps := tt.f.Fit(tt.d)
			if diff := cmp.Diff(tt.want, got); diff != "" || ps != nil {
				t.Errorf("problems %v (-want +got):\n%s", ps, diff)
			}
		})
	}
}

func TestFitRefusesWhatDoesNotGoWithTheTemplate(t *testing.T) {
	link := ButtonDefinition{Kind: "URL", URL: "https://h.example/{{1}}"}
	buttons := func(list ...ButtonDefinition) TemplateDefinition { return TemplateDefinition{Buttons: list} }
	one := func(b ButtonFilling) Filling { return Filling{Buttons: []ButtonFilling{b}} }
	placed := func(texts []Parameter) Filling { return Filling{Placed: true, Texts: texts} }
	headed := TemplateDefinition{Header: &HeaderDefinition{HeaderText, "For {{1}}"}, Body: "{{1}}"}
	named := func(names ...string) (ps []Parameter) {
		for _, name := range names {
			ps = append(ps, Parameter{Kind: ParameterText, Name: name, Text: "x"})
		}
		return ps
	}
	tests := []struct {
		name  string
		d     TemplateDefinition
		f     Filling
		field string
	}{
		{"too few texts", TemplateDefinition{Body: "{{1}} {{2}}"}, Filling{Texts: textsOf("a")}, "attributes"},
		{"too many texts", TemplateDefinition{Body: "Hello"}, Filling{Texts: textsOf("a")}, "attributes"},
		{"a text for a header of media", TemplateDefinition{Header: &HeaderDefinition{Format: HeaderImage}}, Filling{Texts: textsOf("a"), Header: imageParameter()}, "attributes"},
		{"a name that is not there", TemplateDefinition{Named: true, Body: "{{a}}"}, placed(named("b")), "body.parameters[0].parameter_name"},
		{"a name that is missing", TemplateDefinition{Named: true, Body: "{{a}} {{b}}"}, placed(named("b", "")), "body.parameters[1].parameter_name"},
		{"a name that is there twice", TemplateDefinition{Named: true, Body: "{{a}} {{b}}"}, placed(named("b", "b")), "body.parameters[1].parameter_name"},
		{"a name of the other part", TemplateDefinition{Named: true, Header: &HeaderDefinition{HeaderText, "{{a}}"}, Body: "{{b}}"}, Filling{
			Placed: true, HeaderTexts: named("b"), Texts: named("b"),
		}, "header.parameters[0].parameter_name"},
		{"a name for a number", TemplateDefinition{Body: "{{1}}"}, placed(named("1")), "body.parameters[0].parameter_name"},
		{"placed, and the header is missing", headed, placed(textsOf("a")), "header"},
		{"placed, and the body is missing", headed, Filling{Placed: true, HeaderTexts: textsOf("a")}, "body"},
		{"placed, and too many", TemplateDefinition{Body: "{{1}}"}, placed(textsOf("a", "b")), "body"},
		{"a code that is too long", buttons(ButtonDefinition{Kind: "COPY_CODE"}), one(ButtonFilling{Value: strings.Repeat("x", 60)}), "button[0].payload"},
		{"articles without a picture", buttons(ButtonDefinition{Kind: "MPM"}), one(ButtonFilling{Action: &ButtonAction{
			Sections: []ProductSection{{Title: "t", RetailerIDs: []string{"p"}}},
		}}), "button[0].thumbnail_product_retailer_id"},
		{"a code of sixteen characters", TemplateDefinition{Authentication: true, Body: "{{1}}"}, Filling{Texts: textsOf(strings.Repeat("1", 16))}, "attributes[0]"},
		{"a code of sixteen characters in the button", TemplateDefinition{Authentication: true, Body: "{{1}}", Buttons: []ButtonDefinition{{Kind: "OTP"}}}, Filling{
			Texts: textsOf("1"), Buttons: []ButtonFilling{{Value: strings.Repeat("1", 16)}},
		}, "button[0]"},
		{"a payload that is too long", buttons(ButtonDefinition{Kind: "QUICK_REPLY"}), one(ButtonFilling{Value: strings.Repeat("é", 257)}), "button[0]"},
		{"a body that is too long below a header", TemplateDefinition{Header: &HeaderDefinition{HeaderText, "Hi"}, Body: "{{1}} é {{2}}"}, Filling{
			Texts: textsOf(strings.Repeat("é", 1021), "é"),
		}, "body"},
		{"a body that is too long with its value twice", TemplateDefinition{Footer: "f", Body: "{{1}}{{1}}"}, Filling{Texts: textsOf(strings.Repeat("é", 513))}, "body"},
		{"a header that is too long", headed, Filling{Texts: textsOf(strings.Repeat("é", 57), "a")}, "header"},
		{"a named body that is too long", TemplateDefinition{Named: true, Footer: "f", Body: "{{b}} {{a}}"}, Filling{
			Placed: true, Texts: []Parameter{{Kind: ParameterText, Name: "a", Text: strings.Repeat("x", 1023)}, {Kind: ParameterText, Name: "b", Text: "x"}},
		}, "body"},
		{"a body alone that is too long", TemplateDefinition{Body: "a {{1}}"}, Filling{Texts: textsOf(strings.Repeat("é", MaxTemplateTexts-1))}, "body"},
		{"a button twice", buttons(link), Filling{Buttons: []ButtonFilling{{Value: "a"}, {Value: "b"}}}, "button[0]"},
		{"one card", TemplateDefinition{Cards: make([]TemplateDefinition, 1)}, Filling{Cards: make([]Filling, 1)}, "cards"},
		{"no media", TemplateDefinition{Header: &HeaderDefinition{Format: HeaderVideo}}, Filling{}, "type_media_template"},
		{"another media", TemplateDefinition{Header: &HeaderDefinition{Format: HeaderVideo}}, Filling{Header: imageParameter()}, "type_media_template.type"},
		{"media for a text", TemplateDefinition{Header: &HeaderDefinition{HeaderText, "Hello"}}, Filling{Header: imageParameter()}, "type_media_template"},
		{"media for nothing", TemplateDefinition{}, Filling{Header: imageParameter()}, "type_media_template"},
		{"no value for a link", buttons(ButtonDefinition{Kind: "QUICK_REPLY"}, link), Filling{}, "button[1]"},
		{"no code", buttons(ButtonDefinition{Kind: "COPY_CODE"}), Filling{}, "button[0]"},
		{"no order", buttons(ButtonDefinition{Kind: "ORDER_DETAILS"}), one(ButtonFilling{Value: "x"}), "button[0]"},
		{"no articles", buttons(ButtonDefinition{Kind: "MPM"}), one(ButtonFilling{Value: "x"}), "button[0]"},
		{"an empty value", buttons(link), one(ButtonFilling{Action: &ButtonAction{FlowToken: "x"}}), "button[0]"},
		{"a value for a fixed link", buttons(ButtonDefinition{Kind: "URL", URL: "https://h.example/"}), one(ButtonFilling{Value: "x"}), "button[0]"},
		{"a value for a number", buttons(ButtonDefinition{Kind: "PHONE_NUMBER"}), one(ButtonFilling{Value: "x"}), "button[0]"},
		{"a button that is not there", buttons(ButtonDefinition{Kind: "QUICK_REPLY"}), one(ButtonFilling{Index: 1, Value: "x"}), "button[1]"},
		{"an end for no offer", TemplateDefinition{}, Filling{ExpiresAtMillis: 5}, "expiration_time_ms"},
		{"no end", TemplateDefinition{Offer: true, OfferExpires: true}, Filling{}, "expiration_time_ms"},
		{"too few cards", TemplateDefinition{Cards: make([]TemplateDefinition, 3)}, Filling{Cards: make([]Filling, 2)}, "cards"},
		{"cards for no carousel", TemplateDefinition{}, Filling{Cards: make([]Filling, 2)}, "cards"},
		{"a bad card", TemplateDefinition{Cards: []TemplateDefinition{{}, {Body: "{{1}}"}}}, Filling{Cards: make([]Filling, 2)}, "cards[1].attributes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, ps := tt.f.Fit(tt.d)
			if diff := cmp.Diff([]string{tt.field + " template_parameter"}, rules(ps)); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if ps[0].Detail == "" {
				t.Error("the problem says nothing")
			}
		})
	}
	_, ps := Filling{Texts: textsOf("a", "b")}.Fit(TemplateDefinition{Body: "{{1}} {{2}} {{3}}"})
	if ps[0].Limit != 3 || ps[0].Found != 2 {
		t.Errorf("got limit %d and found %d, want what the template takes and what was given", ps[0].Limit, ps[0].Found)
	}
}

// What was guessed wrong is put right.
func TestFitAfterGuess(t *testing.T) {
	guessed := Filling{Texts: textsOf("Ada", "5"), Buttons: []ButtonFilling{{Value: "abc"}}}.Guess()
	got, ps := FillingOf(Template{Components: guessed}).Fit(TemplateDefinition{
		Header: &HeaderDefinition{HeaderText, "For {{1}}"}, Body: "{{1}} left", Buttons: []ButtonDefinition{{Kind: "URL", URL: "https://h.example/{{1}}"}},
	})
	want := []Component{
		{Kind: ComponentHeader, Parameters: textsOf("Ada")},
		{Kind: ComponentBody, Parameters: textsOf("5")},
		buttonPart(0, ButtonURL, Parameter{Kind: ParameterText, Text: "abc"}),
	}
	if diff := cmp.Diff(want, got); diff != "" || ps != nil {
		t.Errorf("problems %v (-want +got):\n%s", ps, diff)
	}
}

// Meta's components say where their texts belong, in whatever order they come.
func TestFillingOfPlacedComponents(t *testing.T) {
	got, ps := FillingOf(Template{Placed: true, Components: []Component{
		{Kind: ComponentBody, Parameters: textsOf("a", "b")},
		{Kind: ComponentHeader, Parameters: textsOf("h")},
		{Kind: ComponentCarousel, Cards: []TemplateCard{
			{Components: []Component{{Kind: ComponentBody, Parameters: textsOf("c")}, {Kind: ComponentHeader, Parameters: textsOf("d")}}},
			{},
		}},
	}}).Fit(TemplateDefinition{
		Header: &HeaderDefinition{HeaderText, "For {{1}}"}, Body: "{{1}} {{2}}",
		Cards: []TemplateDefinition{{Header: &HeaderDefinition{HeaderText, "{{1}}"}, Body: "{{1}}"}, {}},
	})
	want := []Component{
		{Kind: ComponentHeader, Parameters: textsOf("h")},
		{Kind: ComponentBody, Parameters: textsOf("a", "b")},
		{Kind: ComponentCarousel, Cards: []TemplateCard{
			{Components: []Component{{Kind: ComponentHeader, Parameters: textsOf("d")}, {Kind: ComponentBody, Parameters: textsOf("c")}}},
			{},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" || ps != nil {
		t.Errorf("problems %v (-want +got):\n%s", ps, diff)
	}
}

// What the vendor's shape has no word for comes through admission as it was.
func TestFitKeepsCallsPreviewsAndTapTargets(t *testing.T) {
	cs := []Component{
		{Kind: ComponentHeader, Parameters: []Parameter{*imageParameter()}},
		{Kind: ComponentBody, Parameters: []Parameter{{Kind: ParameterGroupID, Text: "g"}}},
		{Kind: ComponentTapTarget, Parameters: []Parameter{{Kind: ParameterTapTarget, TapTarget: &LinkButton{"a", "https://h.example/"}}}},
		{Kind: ComponentButton, Button: ButtonURL, Parameters: []Parameter{{Kind: ParameterText, Text: "1", LinkPreview: true}}},
		{Kind: ComponentButton, Button: ButtonVoiceCall, Index: 1, Parameters: []Parameter{
			{Kind: ParameterMinutes, Minutes: 100}, {Kind: ParameterPayload, Text: "p"},
		}},
	}
	filling := FillingOf(Template{Placed: true, Components: cs})
	got, ps := filling.Fit(TemplateDefinition{
		Header: &HeaderDefinition{Format: HeaderImage}, Body: "{{1}}",
		Buttons: []ButtonDefinition{{Kind: "URL", URL: "https://h.example/{{1}}"}, {Kind: "VOICE_CALL"}},
	})
	if diff := cmp.Diff(cs, got); diff != "" || len(ps) > 0 {
		t.Errorf("%v (-want +got):\n%s", ps, diff)
	}
	filling.Buttons[1] = ButtonFilling{Index: 1, Kind: ButtonVoiceCall}
	if _, ps := filling.Fit(TemplateDefinition{
		Header: &HeaderDefinition{Format: HeaderImage}, Body: "{{1}}",
		Buttons: []ButtonDefinition{{Kind: "URL", URL: "https://h.example/{{1}}"}, {Kind: "VOICE_CALL"}},
	}); len(ps) != 1 || ps[0].Field != "button[1]" {
		t.Errorf("a call of nothing: %v", ps)
	}
}
