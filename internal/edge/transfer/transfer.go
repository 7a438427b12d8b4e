// Package transfer moves files over HTTP, in and out, as streams: for the API and for the pages alike.
package transfer

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"kolo/internal/foundation/fault"
)

// Upload is the file that a request brings as a stream: the first file of multipart/form-data, or the body itself,
// whose name is in the query. Nothing of it is held in memory.
func Upload(r *http.Request) (file io.Reader, name string, err error) {
	const op = "transfer.Upload"
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if !strings.HasPrefix(kind, "multipart/") {
		if name = r.URL.Query().Get("name"); name == "" {
			name = "file"
		}
		return cut{r.Body}, name, nil
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, "", fault.New(fault.Invalid, op, "the form cannot be read")
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, "", fault.Bad(op, fault.Field{Path: "file", Code: "required", Msg: "send a file"})
		}
		if err != nil {
			return nil, "", fault.New(fault.Invalid, op, "the form ended early")
		}
		if part.FileName() != "" {
			return cut{part}, part.FileName(), nil
		}
	}
}

// cut tells a body that broke off from a defect of ours.
type cut struct{ io.Reader }

func (c cut) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &fault.Error{Kind: fault.Invalid, Op: "transfer.Upload", Msg: "the file ended early", Err: err}
	}
	return n, err
}
