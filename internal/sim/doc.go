// Package sim is a pretend Meta: enough of the WhatsApp Cloud API that a gateway can be run, shown and tested against it
// without an account, a phone or a network.
//
// It owns three things. The Graph face takes sends and media with Meta's checks and answers with Meta's errors. The callback
// side climbs the statuses of each accepted send and posts them, signed, until the receiver answers 200. Virtual phones
// receive what was sent and write back. The calls by which a business manages what it has are in package manage; the face by which a
// person or a test moves the phones is package control, which stands beside this one.
//
// It never imports anything of ours but its own parts, and shares no code with the client it is tested against: a misreading of
// Meta's pages must not be able to pass on both sides. It never reaches out to anything but the callback address, and it is no place for real
// data: state lives in memory and ends with the process; only the bytes of media are on disk.
//
// In the picture it stands where Meta stands, outside: the gateway's sender ends at the Graph face, and its callback receiver
// begins where a Sim posts.
//
// Nothing happens behind a caller's back: requests change the state at once and put what follows on one schedule, and only Run
// takes from it. Without Run nothing is posted; after Run nothing is left running.
package sim
