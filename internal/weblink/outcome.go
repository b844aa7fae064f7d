package weblink

import (
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/waypost/waypost/internal/safehttp"
	"github.com/waypost/waypost/internal/wa"
)

// vendorMedia is the vendor's code for a media that is of no use.
const vendorMedia = "8008"

func refuse(title string) error {
	return &wa.OutcomeError{Outcome: wa.Outcome{
		Kind: wa.OutcomeRejected, Failure: wa.Failure{VendorCode: vendorMedia, Title: title},
	}}
}

func later(after time.Duration, title string) error {
	return &wa.OutcomeError{Outcome: wa.Outcome{
		Kind: wa.OutcomeLater, After: after, Tries: tries, Failure: wa.Failure{VendorCode: vendorMedia, Title: title},
	}}
}

// unreachable says in words of ours why an address had no answer. The words of
// the error are not used: they hold addresses, and behind a redirect not even
// the name is the customer's to know.
func unreachable(err error, redirected bool) error {
	refused, isRefused := errors.AsType[*safehttp.Refused](err)
	_, isPort := errors.AsType[*safehttp.RefusedPort](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case isRefused && redirected:
		return refuse("the link redirects to an address that is private or reserved; " + Setting + " can allow it")
	case isRefused:
		return refuse(refused.Error())
	case isPort && redirected:
		return refuse("the link redirects to a port other than 80 and 443")
	case isPort:
		return refuse("the link names a port other than 80 and 443")
	case isCertificate:
		return refuse("the certificate of the link's server is not valid")
	case isDNS:
		return later(firstWait, "the name in the link could not be resolved")
	case isNet && timeout.Timeout():
		return later(firstWait, "the link's server did not answer in time")
	}
	return later(firstWait, "the link's server gave no valid answer")
}
