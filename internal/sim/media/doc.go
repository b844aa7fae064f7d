// Package media keeps the media of the simulator: what businesses uploaded and what phones sent.
//
// It owns the bytes on disk, the ids, the kinds with their limits, the download addresses and how long each of them lives. It
// never looks at the clock or the wire: whoever calls says what time it is, and who may have what is for the Graph face to
// check. It stands beside package message, which names media by id and knows nothing of their bytes.
package media
