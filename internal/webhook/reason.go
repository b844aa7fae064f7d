package webhook

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/waypost/waypost/internal/safehttp"
)

// reason says in words of ours why a post had no answer. The words of the error
// are not used: they hold the whole address, or quote what the endpoint sent,
// which may be the address or a header again, and either may be a secret.
func reason(err error) string {
	if refused, ok := errors.AsType[*safehttp.Refused](err); ok {
		return refused.Error()
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "the name of the endpoint could not be resolved"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate of the endpoint is not valid"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "the endpoint did not answer in time"
	}
	if code, ok := errors.AsType[syscall.Errno](err); ok {
		return "the connection failed: " + code.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the endpoint closed the connection without an answer"
	}
	if errors.Is(err, errAddress) {
		return err.Error()
	}
	return "the endpoint gave no valid answer"
}
