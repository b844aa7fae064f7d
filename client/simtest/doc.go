// Package simtest runs programs that use the WhatsApp Cloud API against Waypost's simulator, in anybody's tests.
//
// The simulator is a pretend Meta: it takes sends and media, posts signed callbacks, and has virtual phones that receive and
// write back. This package starts it, or attaches to one that runs, and speaks to its control face over HTTP:
//
//	func TestOrder(t *testing.T) {
//		sim := simtest.Run(t, simtest.Options{})
//		// Point the program under test at sim.GraphURL with sim.AccessToken, and its callbacks at itself:
//		err := sim.SetCallback(t.Context(), simtest.Callback{URL: app.URL + "/webhook", VerifyToken: "v", AppSecret: "s"})
//		...
//		ada := sim.Phone("15550100001")
//		_, err = ada.Say(t.Context(), "one coffee, please")
//		asked, err := ada.Wait(t.Context(), simtest.Match{Type: "interactive", Text: "milk"})
//		_, err = ada.Tap(t.Context(), asked, simtest.Tap{Button: "yes"})
//	}
//
// Nothing here polls: [Sim.Wait] is answered when the message comes. Time in the simulator is its own, so a day is an
// [Sim.Advance] away. A failing wait says what came instead.
//
// It owns the control face's shapes as a client sees them and the life of the simulator that it started. It never imports any
// other package of Waypost, needs nothing but the standard library, and stands outside: what it can do, every other language can
// do by HTTP, as docs/simulator.md shows.
package simtest
