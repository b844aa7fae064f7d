package cloudapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// numberNode is a phone number.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
// (read 2026-09)
type numberNode struct {
	Display      node.Text `json:"display_phone_number"`
	VerifiedName node.Text `json:"verified_name"`
	Verification node.Text `json:"code_verification_status"`
	NameStatus   node.Text `json:"name_status"`
	Quality      node.Text `json:"quality_rating"`
	Limit        node.Text `json:"messaging_limit_tier"`
	Status       node.Text `json:"status"`
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
	var got numberNode
	node.Read(body, &got)
	return wa.NumberDetails{
		Display: node.OnlyDigits(string(got.Display)), VerifiedName: string(got.VerifiedName),
		Verification: string(got.Verification), NameStatus: string(got.NameStatus), Quality: string(got.Quality),
		Limit: string(got.Limit), Status: string(got.Status),
	}, nil
}

// profileNode is a business profile; the answer has a list of one.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-profiles (read 2026-09)
type profileNode struct {
	About       node.Text   `json:"about"`
	Address     node.Text   `json:"address"`
	Description node.Text   `json:"description"`
	Email       node.Text   `json:"email"`
	Picture     node.Text   `json:"profile_picture_url"`
	Vertical    node.Text   `json:"vertical"`
	Websites    []node.Text `json:"websites"`
	// Inner is where Meta's own sample has all of it.
	Inner *profileNode `json:"business_profile"`
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
	node.Read(body, &got)
	if len(got.Data) == 0 {
		return wa.BusinessProfile{}, nil // none was filled in
	}
	profile := got.Data[0]
	if profile.Inner != nil {
		profile = *profile.Inner
	}
	p := wa.BusinessProfile{
		About: string(profile.About), Address: string(profile.Address), Description: string(profile.Description),
		Email: string(profile.Email), Picture: string(profile.Picture), Vertical: string(profile.Vertical),
	}
	for _, site := range profile.Websites {
		p.Websites = append(p.Websites, string(site))
	}
	return p, nil
}
