# A formula for a tap of your own: `brew install YOU/tap/llasa`. Before a release is published there,
# `url` and `sha256` must be those of the release's archive; docs/install.md says how.
class Llasa < Formula
  desc "Turns Whisper transcripts into faithful, readable text with a local model"
  homepage "https://github.com/OWNER/llasa"
  url "https://github.com/OWNER/llasa/releases/download/v0.1.0/llasa-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license all_of: ["MIT", "CC-BY-SA-4.0"]

  depends_on "uv"
  depends_on arch: :arm64
  depends_on :macos
  depends_on "python@3.13"

  def install
    # The wheels of MLX and of the tokenizers are taken as they are published: uv resolves them into
    # an environment of the formula alone.
    python = Formula["python@3.13"].opt_bin/"python3.13"
    system "uv", "venv", "--python", python, libexec
    system "uv", "pip", "install", "--python", libexec/"bin/python", buildpath
    %w[llasad llasactl llasa-cli].each { |name| bin.install_symlink libexec/"bin"/name }
  end

  def caveats
    <<~EOS
      To start llasa now and at every login:
        llasactl install
      After an upgrade:
        llasactl restart
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/llasactl --version")
    (testpath/"home").mkpath
    system bin/"llasad", "--home", testpath/"home", "--drain", "--quiet"
    assert_match "not running", shell_output("#{bin}/llasactl --home #{testpath}/home status --line")
  end
end
