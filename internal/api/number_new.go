package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/waypost/waypost/internal/wa"
)

type numberQuestion struct {
	From   string `query:"from" enum:"meta" doc:"meta: all numbers of the source's WhatsApp Business Account as Meta has them now, also those of no source"`
	Source string `query:"source" maxLength:"128" doc:"With from=meta, the source; without it, the default one"`
}

type numberList struct {
	Numbers []NumberDetail `json:"numbers"`
}

func (s *Server) listNumbers(ctx context.Context, in *numberQuestion) (*got[numberList], error) {
	account := accountOf(ctx)
	listed, err := s.Numbers.List(ctx, account)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	all, out := NumbersOf(listed), numberList{Numbers: []NumberDetail{}}
	if in.From == "" {
		if in.Source != "" {
			return nil, s.failed(ctx, &wa.Error{Code: wa.CodeInvalid, Message: "source goes with from=meta only"})
		}
		for _, n := range all {
			out.Numbers = append(out.Numbers, NumberDetail{Number: n})
		}
		return &got[numberList]{out}, nil
	}
	src, err := s.Numbers.Choose(ctx, account, wa.SourceID(in.Source))
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	nodes, err := s.Numbers.WABANumbers(ctx, src)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	for _, node := range nodes {
		n := Number{ID: node.ID, Display: node.Display, WABAID: src.Number.WABAID, Sources: []string{}}
		if i := slices.IndexFunc(all, func(n Number) bool { return n.ID == node.ID }); i >= 0 {
			n = all[i]
		}
		out.Numbers = append(out.Numbers, DetailOf(n, node))
	}
	return &got[numberList]{out}, nil
}

// numberRequest has a phone_number_id for a number that the WABA has, or the other three
// for one that it is to get.
type numberRequest struct {
	NumberID     string `json:"phone_number_id,omitempty" maxLength:"64" pattern:"^[0-9]+$" doc:"A number that the WhatsApp Business Account has"`
	CountryCode  string `json:"country_code,omitempty" doc:"Of a number that it is to get: the calling code" example:"1"`
	Phone        string `json:"phone_number,omitempty" doc:"The number without the country code" example:"5550100003"`
	VerifiedName string `json:"verified_name,omitempty" doc:"The name that people are to see; Meta reviews it"`

	Source    string `json:"source,omitempty" maxLength:"128" doc:"The source whose account and credentials are used; without it, the default one"`
	WABAID    string `json:"waba_id,omitempty" doc:"Instead of that of the source"`
	Token     string `json:"access_token,omitempty" doc:"Instead of that of the source"`
	AppSecret string `json:"app_secret,omitempty" doc:"Instead of that of the source"`

	ID      string `json:"id,omitempty" doc:"Of the new source; without it, one is made"`
	Name    string `json:"name,omitempty" doc:"Of the new source; without it, the name that people see"`
	Default bool   `json:"default,omitempty" doc:"Sends that name no source go out through it"`
}

// adds reports whether the WABA is to get the number.
func (n numberRequest) adds() bool {
	return n.CountryCode != "" || n.Phone != "" || n.VerifiedName != ""
}

// source is what is to be kept, without the number itself.
func (n numberRequest) source(account wa.AccountID, with wa.Number) wa.Source {
	src := wa.Source{ID: wa.SourceID(n.ID), AccountID: account, Name: n.Name, Number: with, Default: n.Default}
	if n.ID == "" {
		src.ID = wa.NewID[wa.SourceID]()
	}
	if n.Name == "" && n.adds() {
		src.Name = n.VerifiedName
	}
	return src
}

// NewSource is a number and the source that was made for it. It is exported because
// the library looks only into what is.
type NewSource struct {
	Source string `json:"source" doc:"The id of the new source"`
	NumberDetail
}

var errWhichNumber error = &wa.Error{
	Code:    wa.CodeInvalid,
	Message: "give phone_number_id for a number that the account has, or country_code, phone_number and verified_name for one that it is to get",
}

func (s *Server) createNumber(ctx context.Context, in *struct{ Body numberRequest }) (*got[NewSource], error) {
	b, account := in.Body, accountOf(ctx)
	if b.adds() == (b.NumberID != "") {
		return nil, s.failed(ctx, errWhichNumber)
	}
	with, err := s.Numbers.Credentials(ctx, account, wa.SourceID(b.Source), wa.Number{
		WABAID: b.WABAID, Token: wa.NewSecret(b.Token), AppSecret: wa.NewSecret(b.AppSecret),
	})
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	with.ID = b.NumberID
	src := b.source(account, with)
	if err := s.Numbers.Ready(ctx, src); err != nil {
		return nil, s.failed(ctx, err)
	}
	if b.adds() {
		// From here on a client that goes away would leave a number without a source.
		ctx = context.WithoutCancel(ctx)
		src.Number.ID, err = s.Numbers.Add(ctx, src, wa.NewNumber{CountryCode: b.CountryCode, Phone: b.Phone, VerifiedName: b.VerifiedName})
		if err != nil {
			return nil, s.failed(ctx, err)
		}
	}
	src.CreatedAt = s.Now()
	src, node, err := s.Numbers.Connect(ctx, src)
	if err != nil {
		if b.adds() {
			err = s.added(src.Number.ID, err)
		}
		return nil, s.failed(ctx, err)
	}
	n, err := s.known(ctx, src.Number.ID)
	return &got[NewSource]{NewSource{string(src.ID), DetailOf(n, node)}}, err
}

// added is an error after the number was added, which must not be done again.
func (s *Server) added(id string, err error) error {
	p := *s.problemOf(err)
	p.Detail = fmt.Sprintf("the number was added with the phone_number_id %s, but has no source yet (a POST with it makes one): %s", id, p.Detail)
	return errors.Join(&p, err)
}
