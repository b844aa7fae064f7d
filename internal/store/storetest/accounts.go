package storetest

import (
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func accounts() []promise {
	return []promise{
		{"AnAccountIsFoundByItsName", anAccountIsFoundByItsName},
		{"AnAccountNameIsTakenOnce", anAccountNameIsTakenOnce},
		{"AccountsAreListedByName", accountsAreListedByName},
		{"ATokenAuthenticatesItsAccount", aTokenAuthenticatesItsAccount},
		{"ARevokedTokenIsRefused", aRevokedTokenIsRefused},
		{"RevokingTwiceIsNoError", revokingTwiceIsNoError},
		{"TokensAreListedOldestFirst", tokensAreListedOldestFirst},
	}
}

func (k *kit) named(name string) wa.Account {
	return wa.Account{ID: wa.NewID[wa.AccountID](), Name: name, CreatedAt: k.clock.now()}
}

func anAccountIsFoundByItsName(k *kit) {
	want := k.named("Blümchen & Söhne")
	k.ok(k.s.CreateAccount(k.Context(), want))
	k.restart()
	k.equal("account", want, must(k.s.AccountByName(k.Context(), want.Name))(k))
	_, err := k.s.AccountByName(k.Context(), "nobody")
	k.code(err, wa.CodeNotFound)
}

func anAccountNameIsTakenOnce(k *kit) {
	first := k.named("taken")
	k.ok(k.s.CreateAccount(k.Context(), first))
	k.code(k.s.CreateAccount(k.Context(), k.named("taken")), wa.CodeConflict)
	k.equal("account", first, must(k.s.AccountByName(k.Context(), "taken"))(k))
}

func accountsAreListedByName(k *kit) {
	for _, name := range []string{"c", "a", "b"} {
		k.ok(k.s.CreateAccount(k.Context(), k.named(name)))
	}
	var got []string
	for _, a := range must(k.s.Accounts(k.Context()))(k) {
		if a.ID != k.account {
			got = append(got, a.Name)
		}
	}
	k.equal("names", []string{"a", "b", "c"}, got)
}

func (k *kit) authenticates(t wa.Token) {
	k.Helper()
	k.equal("account", t.AccountID, must(k.s.Authenticate(k.Context(), t.Hash))(k))
}

func (k *kit) refuses(t wa.Token) {
	k.Helper()
	_, err := k.s.Authenticate(k.Context(), t.Hash)
	k.code(err, wa.CodeUnauthorized)
}

func aTokenAuthenticatesItsAccount(k *kit) {
	mine, theirs := k.newToken(k.account), k.newToken(k.newAccount())
	k.restart()
	k.authenticates(mine)
	k.authenticates(theirs)
	unknown, _ := wa.NewToken(k.account, "never kept", k.clock.now())
	k.refuses(unknown)
	k.refuses(wa.Token{})
}

func aRevokedTokenIsRefused(k *kit) {
	revoked, other := k.newToken(k.account), k.newToken(k.account)
	k.ok(k.s.RevokeToken(k.Context(), k.account, revoked.ID, k.clock.now()))
	k.refuses(revoked)
	k.authenticates(other)
	k.restart()
	k.refuses(revoked)
}

func revokingTwiceIsNoError(k *kit) {
	t := k.newToken(k.account)
	at := k.clock.now()
	k.ok(k.s.RevokeToken(k.Context(), k.account, t.ID, at))
	k.ok(k.s.RevokeToken(k.Context(), k.account, t.ID, at.Add(time.Hour)))
	k.refuses(t)
	t.RevokedAt = at
	k.equal("tokens", []wa.Token{t}, must(k.s.Tokens(k.Context(), k.account))(k))
	k.code(k.s.RevokeToken(k.Context(), k.account, wa.NewID[wa.TokenID](), at), wa.CodeNotFound)
}

func tokensAreListedOldestFirst(k *kit) {
	var want []wa.Token
	for range 4 {
		want = append(want, k.newToken(k.account))
		k.clock.advance(time.Second)
	}
	want[1].RevokedAt = k.clock.now()
	k.ok(k.s.RevokeToken(k.Context(), k.account, want[1].ID, want[1].RevokedAt))
	k.newToken(k.newAccount())
	k.equal("tokens", want, must(k.s.Tokens(k.Context(), k.account))(k))
}
