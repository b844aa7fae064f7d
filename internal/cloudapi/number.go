package cloudapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/waypost/waypost/internal/wa"
)

// numberNode is a phone number.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
// (read 2026-09)
type numberNode struct {
	Display      text `json:"display_phone_number"`
	VerifiedName text `json:"verified_name"`
	Verification text `json:"code_verification_status"`
	NameStatus   text `json:"name_status"`
	Quality      text `json:"quality_rating"`
	Limit        text `json:"messaging_limit_tier"`
	Status       text `json:"status"`
}

const numberFields = "display_phone_number,verified_name,code_verification_status,name_status,quality_rating," +
	"messaging_limit_tier,status"

// NumberDetails returns what Meta tells of a number. An error is a
// [*wa.OutcomeError].
func (c *Client) NumberDetails(ctx context.Context, n wa.Number) (wa.NumberDetails, error) {
	body, err := c.manage(ctx, n, http.MethodGet, c.endpoint(n.ID)+"?"+url.Values{"fields": {numberFields}}.Encode(), nil)
	if err != nil {
		return wa.NumberDetails{}, err
	}
	var node numberNode
	lenient(body, &node)
	return wa.NumberDetails{
		Display: onlyDigits(string(node.Display)), VerifiedName: string(node.VerifiedName),
		Verification: string(node.Verification), NameStatus: string(node.NameStatus), Quality: string(node.Quality),
		Limit: string(node.Limit), Status: string(node.Status),
	}, nil
}

// profileNode is a business profile; the answer has a list of one.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-profiles (read 2026-09)
type profileNode struct {
	About       text   `json:"about"`
	Address     text   `json:"address"`
	Description text   `json:"description"`
	Email       text   `json:"email"`
	Picture     text   `json:"profile_picture_url"`
	Vertical    text   `json:"vertical"`
	Websites    []text `json:"websites"`
}

const profileFields = "about,address,description,email,profile_picture_url,websites,vertical"

// BusinessProfile returns what people see of a number. An error is a
// [*wa.OutcomeError].
func (c *Client) BusinessProfile(ctx context.Context, n wa.Number) (wa.BusinessProfile, error) {
	body, err := c.manage(ctx, n, http.MethodGet,
		c.endpoint(n.ID, "whatsapp_business_profile")+"?"+url.Values{"fields": {profileFields}}.Encode(), nil)
	if err != nil {
		return wa.BusinessProfile{}, err
	}
	var got struct {
		Data []profileNode `json:"data"`
	}
	lenient(body, &got)
	if len(got.Data) == 0 {
		return wa.BusinessProfile{}, nil // none was filled in
	}
	node := got.Data[0]
	p := wa.BusinessProfile{
		About: string(node.About), Address: string(node.Address), Description: string(node.Description),
		Email: string(node.Email), Picture: string(node.Picture), Vertical: string(node.Vertical),
	}
	for _, site := range node.Websites {
		p.Websites = append(p.Websites, string(site))
	}
	return p, nil
}
